"""What the catalogue says of the ways to a table: roles, rights, partitions, views and foreign keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg

    from seatrial.checks.making.tables import Table

_ROLE = """
select r.rolsuper,
  array(select m.rolname::text from pg_roles m
        where m.oid <> r.oid and pg_has_role(r.oid, m.oid, 'member') and m.rolname !~ '^pg_' order by 1)
from pg_roles r where r.rolname = %(app)s
"""
_TABLE = """
select pg_get_userbyid(c.relowner)::text,
  has_table_privilege(%(app)s, c.oid, 'trigger'),
  array(select a.attname::text from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
          and has_column_privilege(%(app)s, c.oid, a.attnum, 'update') order by a.attnum),
  array(select w.rulename::text from pg_rewrite w where w.ev_class = c.oid and w.rulename <> '_RETURN'),
  array(select p.inhrelid::regclass::text from pg_inherits p where p.inhparent = c.oid order by 1),
  has_any_column_privilege(%(app)s, c.oid, 'insert')
from pg_class c where c.oid = %(table)s
"""
_VIEWS = """
select distinct v.oid::regclass::text,
  array(select a.attname::text from pg_attribute a
        where a.attrelid = v.oid and a.attnum > 0 order by a.attnum)
from pg_depend d join pg_rewrite w on w.oid = d.objid join pg_class v on v.oid = w.ev_class
where d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = %(table)s
  and v.relkind = 'v' and pg_relation_is_updatable(v.oid, true) <> 0
order by 1
"""
_REFERRED = """
select distinct k.confrelid::regclass::text
from pg_constraint k
where k.conrelid = %(table)s and k.contype = 'f' and k.confrelid <> k.conrelid
  and (k.confdeltype in ('c', 'n', 'd') or k.confupdtype in ('c', 'n', 'd'))
order by 1
"""
_REFERRING = """
select distinct k.conrelid::regclass::text from pg_constraint k
where k.confrelid = %(table)s and k.contype = 'f' and k.conrelid <> k.confrelid
"""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """The ways to a table, for the application's role.

    Attributes:
        is_superuser: whether the role is one.
        roles: those it may become.
        owner: of the table.
        may_trigger: whether it may put triggers on it.
        may_insert: whether it may INSERT.
        updatable: the columns it may UPDATE, by its rights.
        rules: the table's rules.
        parts: its partitions, and tables that inherit from it, quoted.
        views: updatable views of it, quoted, with their columns.
        referred: tables whose rows take those of this one with them, quoted.
        referring: tables that refer to it, quoted.
    """

    is_superuser: bool
    roles: tuple[str, ...]
    owner: str
    may_trigger: bool
    may_insert: bool
    updatable: tuple[str, ...]
    rules: tuple[str, ...]
    parts: tuple[str, ...]
    views: tuple[tuple[str, tuple[str, ...]], ...]
    referred: tuple[str, ...]
    referring: tuple[str, ...]


def surroundings(connection: psycopg.Connection[Any], table: Table, *, app: str) -> Surroundings:
    """Read them."""
    values = {"app": app, "table": table.oid}

    def rows(question: str) -> list[tuple[Any, ...]]:
        return connection.execute(question.encode(), values).fetchall()

    ((is_superuser, roles),) = rows(_ROLE)
    ((owner, may_trigger, updatable, rules, parts, may_insert),) = rows(_TABLE)
    return Surroundings(
        is_superuser=is_superuser,
        roles=tuple(roles),
        owner=owner,
        may_trigger=may_trigger,
        may_insert=may_insert,
        updatable=tuple(updatable),
        rules=tuple(rules),
        parts=tuple(parts),
        views=tuple((view, tuple(columns)) for view, columns in rows(_VIEWS)),
        referred=tuple(name for (name,) in rows(_REFERRED)),
        referring=tuple(name for (name,) in rows(_REFERRING)),
    )
