"""Rows from Python and from files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from seatrial.errors import FakeError
from seatrial.fakes.databricks.sql.errors import load
from seatrial.fakes.databricks.sql.types import Column, double_quoted, of_duckdb

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from seatrial.fakes.databricks.sql.catalogue import Table
    from seatrial.fakes.databricks.sql.names import TableName

_READERS = {
    ".csv": "read_csv",
    ".json": "read_json",
    ".jsonl": "read_json",
    ".ndjson": "read_json",
    ".parquet": "read_parquet",
}
_INTEGERS = {"LONG": 63, "INT": 31, "SHORT": 15, "BYTE": 7}
_NESTED = frozenset({"ARRAY", "MAP", "STRUCT", "VARIANT"})
_TAKEN: dict[str, tuple[type, ...]] = {
    "BOOLEAN": (bool,),
    "DOUBLE": (int, float, Decimal),
    "FLOAT": (int, float, Decimal),
    "DECIMAL": (int, float, Decimal, str),
    "STRING": (str,),
    "CHAR": (str,),
    "BINARY": (bytes, bytearray),
    "DATE": (date, str),
    "TIMESTAMP": (datetime, date, str),
    "TIMESTAMP_NTZ": (datetime, date, str),
    "ARRAY": (list, tuple),
    "MAP": (Mapping,),
    "STRUCT": (Mapping,),
    "NULL": (),
}


@dataclass(frozen=True)
class Given:
    """What a file holds."""

    path: Path
    columns: tuple[Column, ...]
    values: list[tuple[Any, ...]]
    texts: bool
    """Whether every value is a text, as in CSV."""

    def rows(self) -> Iterator[Mapping[str, Any]]:
        """Its rows, by the names of their columns."""
        names = [column.name for column in self.columns]
        made = _Texts if self.texts else dict
        return (made(zip(names, row, strict=True)) for row in self.values)


class _Texts(dict[str, Any]):
    """A row whose values are texts whatever the columns' types are."""


def read(path: Path) -> Given:
    """What a file holds, read by a database of its own: that of the workspace has no access to files.

    Raises:
        FakeError: it cannot be read, or its suffix says nothing.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None or not path.is_file():
        raise _unreadable(path, "no such file" if reader else f"the suffix {path.suffix!r}")
    options = ", header = true, all_varchar = true" if reader == "read_csv" else ""
    duckdb = load("duckdb")
    try:
        with duckdb.connect(
            ":memory:", config={"threads": "1", "autoinstall_known_extensions": "false"}
        ) as reading:
            reading.execute("SET TimeZone = 'UTC'")
            found = reading.execute(f"SELECT * FROM {reader}(?{options})", [str(path)])
            columns = tuple(of_duckdb(kind, name=name) for name, kind, *_ in found.description)
            return Given(path, columns, found.fetchall(), texts=reader == "read_csv")
    except (duckdb.Error, ValueError) as error:
        raise _unreadable(path, str(error).partition("\n")[0]) from None


def _unreadable(path: Path, found: str) -> FakeError:
    return FakeError(
        f"A table's file is expected to be CSV with a head, JSON or Parquet: {path}: {found}.",
        code="fakes.databricks-file",
        remedy="Correct the path or the file. A relative path begins where the settings are.",
    )


def inferred(given: Given | None, name: TableName) -> tuple[Column, ...]:
    """The columns that a file has.

    Raises:
        FakeError: there is no file.
    """
    if given is None:
        raise FakeError(
            f"The table {name} expects columns or a file, found neither.",
            code="fakes.databricks-rows",
            remedy='Give columns={"id": "BIGINT", ...}, or file="customers.parquet".',
        )
    return given.columns


def insert(cursor: Any, table: Table, rows: Sequence[Any]) -> None:
    """Write rows into a table's relation, column by column.

    Raises:
        FakeError: a row does not fit the table.
    """
    if not rows:
        return
    ordered = [_ordered(table, row, n) for n, row in enumerate(rows, 1)]
    texts = [isinstance(row, _Texts) for row in rows]
    bound = {}
    parts = []
    for place, column in enumerate(table.columns):
        values = [
            row[place] if plain and isinstance(row[place], str) else _value(table, column, row[place], n)
            for n, (row, plain) in enumerate(zip(ordered, texts, strict=True), 1)
        ]
        bound[f"c{place}"] = [None if value is None else str(value) for value in values]
        parts.append(_cast(column, f"unnest(CAST($c{place} AS VARCHAR[]))"))
    sql = f"INSERT INTO {double_quoted(table.relation)} SELECT {', '.join(parts)}"
    try:
        cursor.execute(sql, bound)
    except load("duckdb").Error as error:
        raise _unfit(table, str(error).partition("\n")[0]) from None


def _cast(column: Column, text: str) -> str:
    if column.type_name in _NESTED:
        return f"CAST(CAST({text} AS JSON) AS {column.stored})"
    if column.type_name == "BINARY":
        return f"from_hex({text})"
    return f"CAST({text} AS {column.stored})"


def _ordered(table: Table, row: Any, n: int) -> list[Any]:
    if isinstance(row, Mapping):
        names = {str(name).lower(): value for name, value in row.items()}
        unknown = set(names) - {column.name.lower() for column in table.columns}
        if unknown:
            raise _unfit(table, f"row {n} has {', '.join(sorted(unknown))}, which is no column")
        return [names.get(column.name.lower()) for column in table.columns]
    if isinstance(row, (list, tuple)) and len(row) == len(table.columns):
        return list(row)
    size = f"{len(row)} values" if isinstance(row, (list, tuple)) else f"a {type(row).__name__}"
    raise _unfit(table, f"row {n} is {size}")


def _value(table: Table, column: Column, value: Any, n: int) -> Any:
    if value is None:
        return None
    problem = _problem(column, value)
    if problem is not None:
        raise _unfit(table, f"row {n} has {problem} in {column.name} {column.type_text}")
    if column.type_name in _NESTED:
        return _document(column, value)
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).hex()
    return value.isoformat() if isinstance(value, (date, datetime)) else value


def _document(column: Column, value: Any) -> str:
    if column.type_name != "VARIANT":
        value = _filled(load("sqlglot").exp.DataType.build(column.type_text, dialect="databricks"), value)
    return json.dumps(value, default=_plain)


def _filled(kind: Any, value: Any) -> Any:
    """The same value with None for the fields of structs that are not given: duckdb wants every one."""
    if isinstance(value, Mapping) and kind.this.value == "STRUCT":
        return {field.name: _filled(field.args["kind"], value.get(field.name)) for field in kind.expressions}
    if isinstance(value, Mapping) and kind.this.value == "MAP":
        return {name: _filled(kind.expressions[1], inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)) and kind.expressions:
        return [_filled(kind.expressions[0], inner) for inner in value]
    return value


def _problem(column: Column, value: Any) -> str | None:
    bits = _INTEGERS.get(column.type_name)
    if bits is not None:
        if isinstance(value, bool) or not isinstance(value, int):
            return f"a {type(value).__name__}"
        return None if -(2**bits) <= value < 2**bits else "a number that is too large"
    taken = _TAKEN.get(column.type_name, (object,))
    if not isinstance(value, taken) or (
        isinstance(value, bool) != (column.type_name == "BOOLEAN")
        and bool not in taken
        and column.type_name != "VARIANT"
    ):
        return f"a {type(value).__name__}"
    return None


def _plain(value: Any) -> Any:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"a {type(value).__name__}")


def _unfit(table: Table, found: str) -> FakeError:
    columns = ", ".join(f"{column.name} {column.type_text}" for column in table.columns)
    return FakeError(
        f"The table {table.name} expects rows of {columns}; found: {found}.",
        code="fakes.databricks-rows",
        remedy="Give tuples in the columns' order, or mappings by their names, with values of its types.",
    )
