# ruff: noqa: S608 - statements made of our own constants
"""The content of a database as sources: tables, materialized views, sequences, large objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seatrial.errors import IsolationError
from seatrial.postgres.isolation.comparison.sources import Source
from seatrial.postgres.sql import OWN_SCHEMAS, identifier

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

_KINDS = {"r": "table", "m": "materialized view", "S": "sequence", "f": "foreign table"}
RELATIONS = f"""
select n.nspname, c.relname, c.relkind::text, c.relispopulated,
  case when c.relkind = 'f' then 'its rows are on another server'
       when not has_schema_privilege(n.oid, 'USAGE') or not has_table_privilege(c.oid, 'SELECT')
         then 'this role may not read it'
       when row_security_active(c.oid) then 'row-level security hides rows from this role'
  end
from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
where c.relkind in ('r', 'm', 'S', 'f') and c.oid >= 16384
  and n.nspname not in {OWN_SCHEMAS} and n.nspname !~ '^pg_(toast|temp)'
order by 1, 2
"""
LARGE_OBJECTS = """
select rolsuper, (select count(*) from pg_catalog.pg_largeobject_metadata
                  where not pg_has_role(lomowner, 'USAGE'))
from pg_catalog.pg_roles where rolname = current_user
"""


@dataclass(frozen=True)
class Contents:
    """What a role can compare of one database."""

    sources: list[Source]
    left_out: tuple[str, ...]
    superuser: bool


def contents(connection: psycopg.Connection[Any]) -> Contents:
    """Find the tables, sequences and large objects of a database, and those the role may not read."""
    # One string, one round trip.
    cursor = connection.execute(f"{RELATIONS};{LARGE_OBJECTS}".encode())
    relations = [_Relation(*row) for row in cursor.fetchall()]
    cursor.nextset()
    row = cursor.fetchone()
    if row is None:
        raise IsolationError(
            "the role of the connection is not among the server's roles",
            code="isolation.comparison",
            remedy="connect again: the role was dropped while its session stayed",
        )
    superuser, foreign = bool(row[0]), int(row[1])
    left_out = [f"{r.label}: {r.obstacle}" for r in relations if r.obstacle]
    if not superuser:
        left_out += [
            "passwords of roles, subscriptions, log-ins of foreign servers, ALTER SYSTEM: for superusers only"
        ]
    if foreign and not superuser:
        left_out.append(f"{foreign} large objects: they belong to other roles")
    readable = [r.source() for r in relations if not r.obstacle and r.filled]
    return Contents(readable + list(_large_objects(superuser=superuser)), tuple(left_out), superuser)


@dataclass(frozen=True)
class _Relation:
    schema: str
    name: str
    kind: str
    filled: bool
    obstacle: str | None

    @property
    def label(self) -> str:
        return f"{_KINDS[self.kind]} {self.schema}.{self.name}"

    def source(self) -> Source:
        quoted = f"{identifier(self.schema)}.{identifier(self.name)}"
        if self.kind == "S":
            used = "case when r.is_called then 'used' else 'unused' end"
            line = f"format('last value %s, %s', r.last_value, {used})"
            return Source(label=self.label, relation=quoted, line=line, content=True, kept=True)
        # Heirs and partitions are tables of their own here: each row counts once.
        return Source(label=self.label, relation=f"only {quoted}", content=True)


def _large_objects(*, superuser: bool) -> Iterator[Source]:
    yield Source(
        label="large objects",
        content=True,
        relation="pg_catalog.pg_largeobject_metadata",
        line="format('%s of %s, rights %s', r.oid, r.lomowner::regrole, r.lomacl)",
    )
    if superuser:
        yield Source(
            label="content of large objects",
            content=True,
            relation="pg_catalog.pg_largeobject",
            line="format('%s page %s %s', r.loid, r.pageno, encode(r.data, 'hex'))",
        )
    else:
        yield Source(
            label="content of large objects",
            content=True,
            relation="pg_catalog.pg_largeobject_metadata",
            line="format('%s %s', r.oid, encode(pg_catalog.lo_get(r.oid), 'hex'))",
            where="pg_has_role(r.lomowner, 'USAGE')",
        )
