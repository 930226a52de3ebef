"""What one baseline has that the one below it has not, as rows that can be written elsewhere."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seatrial.errors import IsolationError
from seatrial.postgres.isolation.comparison import take
from seatrial.postgres.sql import identifier

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

SETTINGS = """
set search_path = '';
set datestyle = 'ISO, YMD';
set intervalstyle = 'postgres';
set timezone = 'UTC';
set extra_float_digits = 1;
set lock_timeout = '10s'
"""
"""Rows travel as text, which has to mean the same where it is read and where it is written."""

_RELATIONS = """
select case c.relkind when 'r' then 'table' when 'm' then 'materialized view' else 'sequence' end
       || ' ' || n.nspname || '.' || c.relname, n.nspname, c.relname
from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
where c.relkind in ('r', 'm', 'S')
"""


@dataclass(frozen=True, kw_only=True)
class TableChange:
    """The rows that a table has more and less, each as the text of the whole row; equal rows count."""

    table: str
    """Quoted, with its schema."""
    added: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SequenceChange:
    """Where a sequence stands afterwards."""

    sequence: str
    last_value: int
    is_called: bool


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Everything that differs between two databases of the same catalogue."""

    tables: tuple[TableChange, ...] = ()
    sequences: tuple[SequenceChange, ...] = ()
    views: tuple[str, ...] = ()
    """Materialized views with other content."""


def between(lower: psycopg.Connection[Any], upper: psycopg.Connection[Any]) -> Difference:
    """What has to be done to `lower` so that it equals `upper`.

    Args:
        lower: an autocommit connection of a superuser; its settings are changed.
        upper: the same, to a copy of that database with further content.

    Raises:
        IsolationError: rows alone do not make the difference: the catalogue or large objects differ.
    """
    labels = _differing(lower, upper)
    relations = {
        str(label): (str(label).removesuffix(f" {schema}.{name}"), f"{identifier(schema)}.{identifier(name)}")
        for label, schema, name in upper.execute(_RELATIONS).fetchall()
    }
    strange = [label for label in labels if label not in relations]
    if strange:
        raise IsolationError(
            f"not only rows differ, but also: {', '.join(strange)}",
            code="isolation.not-rows",
            remedy="change the schema in migrations, not in fixtures",
        )
    found = [relations[label] for label in labels]
    return Difference(
        tables=tuple(_table(lower, upper, name) for kind, name in found if kind == "table"),
        sequences=tuple(_sequence(upper, name) for kind, name in found if kind == "sequence"),
        views=tuple(name for kind, name in found if kind == "materialized view"),
    )


def _differing(lower: psycopg.Connection[Any], upper: psycopg.Connection[Any]) -> list[str]:
    below, above = (take(connection, cluster_wide=False).contents for connection in (lower, upper))
    return sorted(label for label in {*below, *above} if below.get(label) != above.get(label))


def _table(lower: psycopg.Connection[Any], upper: psycopg.Connection[Any], table: str) -> TableChange:
    below, above = Counter(_rows(lower, table)), Counter(_rows(upper, table))
    return TableChange(
        table=table,
        added=tuple((above - below).elements()),
        removed=tuple((below - above).elements()),
    )


def _rows(connection: psycopg.Connection[Any], table: str) -> Iterator[str]:
    connection.execute(SETTINGS)
    # Heirs and partitions are tables of their own here.
    for (row,) in connection.execute(f"select (r.*)::text from only {table} as r".encode()):  # noqa: S608 (quoted)
        yield row


def _sequence(connection: psycopg.Connection[Any], sequence: str) -> SequenceChange:
    row = connection.execute(f"select last_value, is_called from {sequence}".encode()).fetchone()  # noqa: S608 (quoted)
    assert row is not None  # a sequence has exactly one row
    return SequenceChange(sequence=sequence, last_value=row[0], is_called=row[1])
