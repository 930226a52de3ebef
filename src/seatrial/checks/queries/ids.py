"""Ids for the parameters in a path: out of answers that list rows, and out of the tables themselves."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from seatrial.checks.making.crowd import singular
from seatrial.postgres.sql import identifier

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import psycopg

    from seatrial.checks.making.tables import Table

_PARAMETER = re.compile(r"([^{]*)(?:\{([^{}]+)\})?")
_USUAL = ("id", "uuid", "slug", "key", "code", "name")
_AT_MOST = 1_000


def parts_of(template: str) -> list[tuple[str, str]]:
    """What is fixed in a template, and the parameter after it; the last may have none."""
    return [(fixed, parameter) for fixed, parameter in _PARAMETER.findall(template) if fixed or parameter]


def ids_in(body: Any, parameter: str) -> list[str]:
    """The ids that an answer with rows has for a parameter."""
    found: list[str] = []
    for row in _rows(body):
        if isinstance(row, (str, int)) and not isinstance(row, bool):
            found.append(str(row))
        elif isinstance(row, dict):
            keys = {_folded(key): value for key, value in row.items()}
            names = (_folded(parameter), *_USUAL)
            value = next((keys[name] for name in names if isinstance(keys.get(name), (str, int))), None)
            found += [] if value is None else [str(value)]
    return found


class StoredIds:
    """The keys of the rows in the tables.

    Args:
        connection: stopped by no policy.
        tables: all of them.
    """

    def __init__(self, connection: psycopg.Connection[Any], tables: Sequence[Table]) -> None:
        self._connection = connection
        self._tables = tables

    def __call__(self, before: str, parameter: str) -> list[str]:
        """Keys for a parameter.

        Args:
            before: the path before it.
            parameter: its name.
        """
        segment = before.rstrip("/").rpartition("/")[2]
        stem = re.sub(r"_?(?:id|uuid|slug|key|code|name)$", "", parameter, flags=re.IGNORECASE)
        wanted = {singular(_folded(name)) for name in (segment, stem) if name}
        for table in self._tables:
            column = _column(table, parameter)
            if singular(_folded(table.relation)) in wanted and column is not None:
                return self._keys(table, column)
        return []

    def _keys(self, table: Table, column: str) -> list[str]:
        name = identifier(column)
        statement = f"select {name}::text from {table.quoted} order by {name} limit {_AT_MOST}"  # noqa: S608 - quoted names
        return [str(value) for (value,) in self._connection.execute(statement.encode())]


def _column(table: Table, parameter: str) -> str | None:
    """The column that a parameter of a path names, else the primary key."""
    names = {_folded(column.name): column.name for column in table.columns}
    if _folded(parameter) in names and _folded(parameter) != "id":
        return names[_folded(parameter)]
    primary = next((key.columns for key in table.constraints if key.kind == "p"), ())
    if len(primary) != 1:
        return names.get("id")
    return next(column.name for column in table.columns if column.number == primary[0])


def _rows(body: Any) -> list[Any]:
    """The first list in an answer, or in what is inside of it, whichever is nearest to the outside."""
    waiting: list[Any] = [body]
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, list):
            return node
        waiting += _inside(node)
    return []


def _inside(node: Any) -> Iterator[Any]:
    if isinstance(node, dict):
        yield from node.values()


def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
