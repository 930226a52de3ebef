"""The tables of a database, as far as one has to know them to make rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seatrial.checks.asking import OWN
from seatrial.postgres.sql import identifier

if TYPE_CHECKING:
    import psycopg

_TABLES = f"""{OWN}
select c.oid::int8, n.nspname, c.relname,
  (select jsonb_agg(jsonb_build_object(
      'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'base', b.typname,
      'category', b.typcategory, 'modifier', case when t.typtype = 'd' then t.typtypmod else a.atttypmod end,
      'required', a.attnotnull or t.typnotnull, 'default', a.atthasdef or t.typdefault is not null,
      'identity', a.attidentity, 'generated', a.attgenerated, 'number', a.attnum,
      'checks', (select jsonb_agg(pg_get_constraintdef(k.oid)) from pg_constraint k
                 where k.contypid = t.oid and k.contype = 'c'),
      'labels', (select jsonb_agg(e.enumlabel order by e.enumsortorder)
                 from pg_enum e where e.enumtypid = b.oid))
    order by a.attnum)
   from pg_attribute a join pg_type t on t.oid = a.atttypid
   join pg_type b on b.oid = case when t.typtype = 'd' then t.typbasetype else t.oid end
   where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
  (select coalesce(jsonb_agg(jsonb_build_object(
      'name', k.conname, 'kind', k.contype, 'columns', k.conkey, 'definition', pg_get_constraintdef(k.oid),
      'refers_to', k.confrelid::int8,
      'referred', (select jsonb_agg(f.attname order by u.position)
                   from unnest(k.confkey) with ordinality u (number, position)
                   join pg_attribute f on f.attrelid = k.confrelid and f.attnum = u.number))
      order by k.conname), '[]')
   from pg_constraint k where k.conrelid = c.oid and k.contype in ('c', 'f', 'p', 'u', 'x'))
from own join pg_class c on c.oid = own.oid join pg_namespace n on n.oid = c.relnamespace
where not own.relispartition
order by n.nspname, c.relname
"""  # noqa: S608 - put together from constants


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column.

    Attributes:
        name: its name.
        type: with modifiers, as written in DDL.
        base: the type's own name; that of the base type for a domain.
        category: PostgreSQL's letter for the kind of type; `A` is an array.
        modifier: the type's modifier, -1 for none.
        required: whether NULL is refused.
        has_default: whether it may be left out.
        identity: `a` (always), `d` (by default) or nothing.
        is_generated: whether it is computed.
        number: by which constraints name it.
        labels: those of an enumeration.
        checks: the definitions of a domain's CHECK constraints.
    """

    name: str
    type: str
    base: str
    category: str
    modifier: int
    required: bool
    has_default: bool
    identity: str
    is_generated: bool
    number: int
    labels: tuple[str, ...]
    checks: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Constraint:
    """A constraint of a table.

    Attributes:
        name: its name.
        kind: `c` (check), `f` (foreign key), `p` (primary key), `u` (unique) or `x` (exclusion).
        columns: the numbers of its columns.
        definition: as DDL.
        refers_to: the table a foreign key refers to, as a key of `Table.oid`.
        referred: the names of that table's columns.
    """

    name: str
    kind: str
    columns: tuple[int, ...]
    definition: str
    refers_to: int
    referred: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of the project."""

    oid: int
    schema: str
    relation: str
    columns: tuple[Column, ...]
    constraints: tuple[Constraint, ...]

    @property
    def name(self) -> str:
        """As people write it."""
        return self.relation if self.schema == "public" else f"{self.schema}.{self.relation}"

    @property
    def quoted(self) -> str:
        """As SQL."""
        return f"{identifier(self.schema)}.{identifier(self.relation)}"


def read_tables(connection: psycopg.Connection[Any]) -> list[Table]:
    """The project's tables: not those of extensions, Alembic's, or partitions."""
    return [
        Table(
            oid=oid,
            schema=schema,
            relation=relation,
            columns=tuple(_column(column) for column in columns or ()),
            constraints=tuple(_constraint(constraint) for constraint in constraints),
        )
        for oid, schema, relation, columns, constraints in connection.execute(_TABLES.encode())
    ]


def _column(found: dict[str, Any]) -> Column:
    return Column(
        name=found["name"],
        type=found["type"],
        base=found["base"],
        category=found["category"],
        modifier=found["modifier"],
        required=found["required"],
        has_default=found["default"],
        identity=found["identity"],
        is_generated=bool(found["generated"]),
        number=found["number"],
        labels=tuple(found["labels"] or ()),
        checks=tuple(found["checks"] or ()),
    )


def _constraint(found: dict[str, Any]) -> Constraint:
    return Constraint(
        name=found["name"],
        kind=found["kind"],
        columns=tuple(found["columns"] or ()),
        definition=found["definition"],
        refers_to=found["refers_to"],
        referred=tuple(found["referred"] or ()),
    )
