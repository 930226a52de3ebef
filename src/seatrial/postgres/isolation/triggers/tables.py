"""The tables, sequences and materialised views that hold what tests may change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seatrial.postgres.isolation.triggers.names import SCHEMA, TRIGGER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import psycopg


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table. Names are qualified and quoted, as they stand in a statement."""

    oid: int
    name: str
    partitioned: bool
    """A partitioned table holds no rows itself: its partitions do."""
    forced: bool
    """Whether row-level security binds the owner, too."""
    columns: tuple[str, ...]
    """Those that an INSERT may name: generated ones are left out."""
    parents: tuple[int, ...]
    referencing: tuple[int, ...]
    """Tables with a foreign key to this one, by oid."""
    switches: tuple[tuple[str, str, str], ...]
    """What of the user's runs when rows change: `trigger` or `rule`, its name, and when it runs."""


@dataclass(frozen=True, kw_only=True)
class Relations:
    """Everything in the user's schemas that holds content, in the order it was made."""

    tables: tuple[Table, ...]
    sequences: tuple[str, ...]
    views: tuple[str, ...]
    """Materialised views. A later one may read an earlier one, never the other way round."""
    unowned: tuple[str, ...]
    """Tables that belong to another role, extensions' apart."""

    def family(self, oids: Iterable[int]) -> list[Table]:
        """These tables and their children: a statement on a parent fires the triggers of the parent alone."""
        return self._reached(oids, lambda table: self._children().get(table.oid, ()))

    def closure(self, oids: Iterable[int]) -> list[Table]:
        """The family, and who refers to any of it: what TRUNCATE wants to have together."""
        children = self._children()
        return self._reached(oids, lambda table: (*children.get(table.oid, ()), *table.referencing))

    def _children(self) -> dict[int, list[int]]:
        children: dict[int, list[int]] = {}
        for table in self.tables:
            for parent in table.parents:
                children.setdefault(parent, []).append(table.oid)
        return children

    def _reached(self, oids: Iterable[int], leads_to: Callable[[Table], Iterable[int]]) -> list[Table]:
        by_oid = {table.oid: table for table in self.tables}
        found: set[int] = set()
        pending = list(oids)
        while pending:
            oid = pending.pop()
            if oid in by_oid and oid not in found:
                found.add(oid)
                pending += leads_to(by_oid[oid])
        return [table for table in self.tables if table.oid in found]


_IN_USER_SCHEMAS = f"""
c.relnamespace in (select oid from pg_namespace
                   where nspname !~ '^pg_' and nspname not in ('information_schema', '{SCHEMA}'))
"""  # noqa: S608
_TABLES = f"""
select c.oid::int8, c.oid::regclass::text, c.relkind = 'p', c.relrowsecurity and c.relforcerowsecurity,
       array(select quote_ident(a.attname) from pg_attribute a
             where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
             order by a.attnum),
       array(select inhparent::int8 from pg_inherits where inhrelid = c.oid),
       array(select distinct conrelid::int8 from pg_constraint where contype = 'f' and confrelid = c.oid),
       array(select array['trigger', quote_ident(tgname), tgenabled::text] from pg_trigger
             where tgrelid = c.oid and not tgisinternal and tgenabled <> 'D' and tgname <> '{TRIGGER}'
             union all
             select array['rule', quote_ident(rulename), ev_enabled::text] from pg_rewrite
             where ev_class = c.oid and ev_enabled <> 'D'),
       pg_has_role(c.relowner, 'USAGE'),
       exists (select from pg_depend d
               where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
from pg_class c where c.relkind in ('r', 'p') and {_IN_USER_SCHEMAS} order by c.oid
"""  # noqa: S608
_OTHERS = f"""
select c.oid::regclass::text, c.relkind = 'S' from pg_class c
where c.relkind in ('S', 'm') and pg_has_role(c.relowner, 'USAGE') and {_IN_USER_SCHEMAS} order by c.oid
"""  # noqa: S608


def read_relations(connection: psycopg.Connection[Any]) -> Relations:
    """Look at what is there now."""
    tables, unowned = [], []
    for (
        oid,
        name,
        partitioned,
        forced,
        columns,
        parents,
        referencing,
        switches,
        owned,
        of_extension,
    ) in connection.execute(_TABLES.encode()).fetchall():
        if owned:
            tables.append(
                Table(
                    oid=oid,
                    name=name,
                    partitioned=partitioned,
                    forced=forced,
                    columns=tuple(columns),
                    parents=tuple(parents),
                    referencing=tuple(referencing),
                    switches=tuple((kind, name, when) for kind, name, when in switches),
                )
            )
        elif not of_extension:
            unowned.append(name)
    others = connection.execute(_OTHERS.encode()).fetchall()
    return Relations(
        tables=tuple(tables),
        sequences=tuple(name for name, is_sequence in others if is_sequence),
        views=tuple(name for name, is_sequence in others if not is_sequence),
        unowned=tuple(unowned),
    )
