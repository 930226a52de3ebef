"""What the catalogue says of the ways to a table: roles, rights, partitions, views, keys, functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seatrial.checks.making.tables import read_tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

    from seatrial.checks.making.tables import Column, Table

_TREE = """
with recursive tree (oid) as (
  select %(table)s::oid union select p.inhrelid from pg_inherits p join tree on tree.oid = p.inhparent)
"""
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
  has_any_column_privilege(%(app)s, c.oid, 'insert')
from pg_class c where c.oid = %(table)s
"""
_PARTS = f"{_TREE} select oid::regclass::text from tree where oid <> %(table)s order by 1"  # noqa: S608 - put together from constants
_VIEWS = f"""{_TREE}, views (oid) as (
  select oid from tree union
  select w.ev_class from views join pg_depend d on d.refobjid = views.oid join pg_rewrite w on w.oid = d.objid
  where d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass)
select v.oid::regclass::text,
  array(select a.attname::text from pg_attribute a
        where a.attrelid = v.oid and a.attnum > 0 order by a.attnum)
from views join pg_class v on v.oid = views.oid
where v.relkind = 'v' and pg_relation_is_updatable(v.oid, true) <> 0
order by 1
"""  # noqa: S608 - put together from constants
_REFERRED = f"""{_TREE}, cascades as (
  select k.conrelid, k.confrelid, k.confkey, k.confupdtype in ('c', 'n', 'd') as moves from pg_constraint k
  where k.contype = 'f' and (k.confdeltype in ('c', 'n', 'd') or k.confupdtype in ('c', 'n', 'd'))
), referred (oid) as (
  select oid from tree union
  select k.confrelid from referred join cascades k on k.conrelid = referred.oid)
select k.confrelid::int8, k.confrelid::regclass::text,
  coalesce(array_agg(distinct number) filter (where k.moves), '{{}}')
from referred join cascades k on k.conrelid = referred.oid, unnest(k.confkey) number
where k.confrelid not in (select oid from tree)
group by k.confrelid order by 2
"""  # noqa: S608 - put together from constants
_REFERRING = """
select distinct k.conrelid::regclass::text from pg_constraint k
where k.confrelid = %(table)s and k.contype = 'f' and k.conrelid <> k.confrelid
"""
# A function in the standard's syntax has no text; what it mentions is known.
_FUNCTIONS = """
select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
where p.prosecdef and n.nspname <> 'seatrial' and has_function_privilege(%(app)s, p.oid, 'execute')
  and (p.prosrc ~* ('\\m' || regexp_replace(%(name)s, '(\\W)', '\\\\\\1', 'g') || '\\M')
         and p.prosrc ~* '\\m(update|delete|truncate|merge|execute)\\M'
       or exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid
                  and d.refclassid = 'pg_class'::regclass and d.refobjid = %(table)s))
order by 1
"""


@dataclass(frozen=True, kw_only=True)
class Referred:
    """A table whose rows may take those of an audit trail with them, through any number of foreign keys.

    Attributes:
        quoted: its name, as SQL.
        table: itself; None for a partition, whose columns the one above it has.
        keys: the columns that take others with them when they change.
    """

    quoted: str
    table: Table | None
    keys: tuple[Column, ...]


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
        parts: its partitions, tables that inherit from it, and theirs, quoted.
        views: updatable views of it, and views of those, quoted, with their columns.
        referred: tables whose rows take those of this one with them.
        referring: tables that refer to it, quoted.
        functions: those it may execute that run with the rights of their owner and may write to it.
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
    referred: tuple[Referred, ...]
    referring: tuple[str, ...]
    functions: tuple[str, ...]


def surroundings(connection: psycopg.Connection[Any], table: Table, *, app: str) -> Surroundings:
    """Read them."""
    values = {"app": app, "table": table.oid, "name": table.relation}

    def rows(question: str) -> list[tuple[Any, ...]]:
        return connection.execute(question.encode(), values).fetchall()

    ((is_superuser, roles),) = rows(_ROLE)
    ((owner, may_trigger, updatable, rules, may_insert),) = rows(_TABLE)
    tables = {found.oid: found for found in read_tables(connection)}
    return Surroundings(
        is_superuser=is_superuser,
        roles=tuple(roles),
        owner=owner,
        may_trigger=may_trigger,
        may_insert=may_insert,
        updatable=tuple(updatable),
        rules=tuple(rules),
        parts=tuple(name for (name,) in rows(_PARTS)),
        views=tuple((view, tuple(columns)) for view, columns in rows(_VIEWS)),
        referred=tuple(_referred(name, tables.get(oid), keys) for oid, name, keys in rows(_REFERRED)),
        referring=tuple(name for (name,) in rows(_REFERRING)),
        functions=tuple(name for (name,) in rows(_FUNCTIONS)),
    )


def _referred(quoted: str, table: Table | None, numbers: Sequence[int]) -> Referred:
    columns = table.columns if table else ()
    return Referred(
        quoted=quoted, table=table, keys=tuple(column for column in columns if column.number in numbers)
    )
