"""Types of columns: as Databricks writes and enumerates them, and as duckdb stores them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from seatrial.errors import FakeError
from seatrial.fakes.databricks.sql.errors import load

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlglot import exp

MOST_DIGITS = 38
_SIMPLE = {
    "BOOLEAN": ("BOOLEAN", "BOOLEAN", "BOOLEAN"),
    "TINYINT": ("TINYINT", "BYTE", "TINYINT"),
    "SMALLINT": ("SMALLINT", "SHORT", "SMALLINT"),
    "INT": ("INT", "INT", "INTEGER"),
    "BIGINT": ("BIGINT", "LONG", "BIGINT"),
    "FLOAT": ("FLOAT", "FLOAT", "FLOAT"),
    "DOUBLE": ("DOUBLE", "DOUBLE", "DOUBLE"),
    "TEXT": ("STRING", "STRING", "VARCHAR"),
    "BINARY": ("BINARY", "BINARY", "BLOB"),
    "VARBINARY": ("BINARY", "BINARY", "BLOB"),
    "DATE": ("DATE", "DATE", "DATE"),
    "TIMESTAMP": ("TIMESTAMP", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"),
    "TIMESTAMPTZ": ("TIMESTAMP", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"),
    "TIMESTAMPLTZ": ("TIMESTAMP", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"),
    "TIMESTAMPNTZ": ("TIMESTAMP_NTZ", "TIMESTAMP_NTZ", "TIMESTAMP"),
    "VARIANT": ("VARIANT", "VARIANT", "JSON"),
    "NULL": ("VOID", "NULL", "INTEGER"),
    "VOID": ("VOID", "NULL", "INTEGER"),
}
_FROM_DUCKDB = {
    "boolean": "BOOLEAN",
    "tinyint": "TINYINT",
    "smallint": "SMALLINT",
    "integer": "INT",
    "bigint": "BIGINT",
    "hugeint": "BIGINT",
    "utinyint": "SMALLINT",
    "usmallint": "INT",
    "uinteger": "BIGINT",
    "ubigint": "BIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "varchar": "TEXT",
    "uuid": "TEXT",
    "blob": "BINARY",
    "date": "DATE",
    "timestamp": "TIMESTAMPNTZ",
    "timestamp with time zone": "TIMESTAMPTZ",
    "json": "VARIANT",
    '"null"': "NULL",
}


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table or a result.

    Args:
        name: in the spelling it was declared or asked for with.
        type_text: such as `DECIMAL(10,2)`.
        type_name: as the service enumerates it, such as `LONG`.
        precision: digits in all; for DECIMAL only.
        scale: digits behind the point; for DECIMAL only.
        nullable: whether it may hold NULL.
        stored: the type in duckdb.
        comment: what was written about it.
        default: an expression that stands in for a value that is not given.
    """

    name: str
    type_text: str
    type_name: str
    precision: int | None = None
    scale: int | None = None
    nullable: bool = True
    stored: str = "VARCHAR"
    comment: str | None = None
    default: str | None = None

    @property
    def identifier(self) -> str:
        """Its name in duckdb, quoted: in lower case, because duckdb folds ASCII only."""
        return double_quoted(self.name.lower())


def parse_type(text: str, *, name: str = "") -> Column:
    """A declared type, such as `BIGINT` or `ARRAY<STRING>`, as a nullable column.

    Raises:
        FakeError: it is no type that a table of the fake can have.
    """
    sqlglot = load("sqlglot")
    try:
        built = sqlglot.exp.DataType.build(text, dialect="databricks")
        return of_type(built, name=name)
    except (sqlglot.errors.SqlglotError, ValueError):
        raise FakeError(
            f"A column's type is expected as Databricks writes it, found {text!r}.",
            code="fakes.databricks-type",
            remedy="Write a type such as BIGINT, STRING, DECIMAL(10,2), TIMESTAMP or ARRAY<STRING>.",
        ) from None


def declared(text: str, *, name: str) -> Column:
    """A column as `CREATE TABLE` has it: a type, and whether it takes no null.

    Raises:
        FakeError: it is no type that a table of the fake can have.
    """
    head, *rest = re.split(r"\s+not\s+null\s*$", text, flags=re.IGNORECASE)
    return replace(parse_type(head, name=name), nullable=not rest)


def of_type(kind: exp.DataType, *, name: str = "") -> Column:
    """The column that a parsed type makes.

    Raises:
        ValueError: it is no type of Databricks that can be stored.
    """
    word = kind.this.value if hasattr(kind.this, "value") else str(kind.this)
    if word in _SIMPLE and not kind.expressions:
        text, enumerated, stored = _SIMPLE[word]
        return Column(name=name, type_text=text, type_name=enumerated, stored=stored)
    if word in ("VARCHAR", "CHAR", "TEXT"):
        (length,) = (part.name for part in kind.expressions)
        shown = "CHAR" if word == "CHAR" else "VARCHAR"
        enumerated = "CHAR" if word == "CHAR" else "STRING"
        return Column(name=name, type_text=f"{shown}({length})", type_name=enumerated)
    makers = {"DECIMAL": _decimal, "ARRAY": _array, "LIST": _array, "MAP": _map, "STRUCT": _struct}
    if word not in makers:
        raise ValueError(word)
    return replace(makers[word](kind), name=name)


def _decimal(kind: exp.DataType) -> Column:
    digits = [int(part.name) for part in kind.expressions] or [10]
    return decimal(digits[0], digits[1] if len(digits) > 1 else 0)


def decimal(precision: int, scale: int) -> Column:
    """A nameless column of decimals.

    Raises:
        ValueError: there are no such decimals.
    """
    if not (1 <= precision <= MOST_DIGITS and 0 <= scale <= precision):
        raise ValueError(precision, scale)
    text = f"DECIMAL({precision},{scale})"
    return Column(name="", type_text=text, type_name="DECIMAL", precision=precision, scale=scale, stored=text)


def _array(kind: exp.DataType) -> Column:
    (inner,) = (of_type(part) for part in kind.expressions)
    return array(inner)


def array(inner: Column) -> Column:
    """A nameless column of arrays."""
    return Column(
        name="", type_text=f"ARRAY<{inner.type_text}>", type_name="ARRAY", stored=f"{inner.stored}[]"
    )


def _map(kind: exp.DataType) -> Column:
    key, value = (of_type(part) for part in kind.expressions)
    return _mapping(key, value)


def _mapping(key: Column, value: Column) -> Column:
    return Column(
        name="",
        type_text=f"MAP<{key.type_text}, {value.type_text}>",
        type_name="MAP",
        stored=f"MAP({key.stored}, {value.stored})",
    )


def _struct(kind: exp.DataType) -> Column:
    return _structure([of_type(part.args["kind"], name=part.name) for part in kind.expressions])


def _structure(fields: Iterable[Column]) -> Column:
    fields = list(fields)
    if not fields:
        raise ValueError("STRUCT<>")
    inner = ", ".join(f"{_plain(field.name)}: {field.type_text}" for field in fields)
    stored = ", ".join(f"{double_quoted(field.name)} {field.stored}" for field in fields)
    return Column(name="", type_text=f"STRUCT<{inner}>", type_name="STRUCT", stored=f"STRUCT({stored})")


def _plain(name: str) -> str:
    return name if name.isidentifier() else "`" + name.replace("`", "``") + "`"


def double_quoted(name: str) -> str:
    """A name as duckdb quotes it."""
    return '"' + name.replace('"', '""') + '"'


def of_duckdb(kind: Any, *, name: str = "") -> Column:
    """The column that a type of duckdb comes out as.

    Args:
        kind: a `DuckDBPyType`.
        name: the column's name.

    Raises:
        ValueError: Databricks has no such type.
    """
    return replace(_of_duckdb(kind), name=name)


def _of_duckdb(kind: Any) -> Column:
    spelled = str(kind).lower()
    if spelled in _FROM_DUCKDB:
        text, enumerated, stored = _SIMPLE[_FROM_DUCKDB[spelled]]
        return Column(name="", type_text=text, type_name=enumerated, stored=stored)
    word = kind.id
    if word == "decimal":
        return decimal(*(digits for _, digits in kind.children))
    if word in ("list", "array"):
        return array(_of_duckdb(kind.children[0][1]))
    if word == "map":
        return _mapping(*(_of_duckdb(inner) for _, inner in kind.children))
    if word == "struct":
        return _structure(replace(_of_duckdb(inner), name=field) for field, inner in kind.children)
    raise ValueError(spelled)
