"""The relations of a database: their files, as the log names them, and what a repair has to know of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from seatrial.postgres.isolation.wal.session import Row, Session


class FileKey(NamedTuple):
    """A file of a relation. Numbers of files are unique within a tablespace only."""

    tablespace: int
    filenode: int
    is_shared: bool = False


@dataclass(frozen=True, kw_only=True)
class Relation:
    """A table, sequence, materialised view, index, TOAST table or system catalogue."""

    oid: int
    name: str
    """Quoted, with its schema."""
    kind: str
    """`pg_class.relkind`."""
    is_catalogue: bool
    is_unlogged: bool
    columns: str | None = None
    """The columns a row is inserted with, quoted: all but the generated ones. None where there are none."""
    fires_always: bool = False
    """Whether triggers or rules run even for us."""
    cache: int = 1
    """How many values a session takes from a sequence at once."""
    has_toast: bool = False
    """Whether wide values lie in a table beside it."""

    @property
    def catalogue_name(self) -> str:
        """The name of a system catalogue without its schema."""
        return self.name.rpartition(".")[2]


# The file of a mapped catalogue is known to pg_relation_filenode only.
_RELATIONS = """
select coalesce(nullif(c.reltablespace, 0), d.dattablespace), pg_relation_filenode(c.oid), c.relisshared,
  c.oid, c.oid::regclass, c.relkind, n.nspname = 'pg_catalog', c.relpersistence = 'u',
  case when c.relkind = 'r' and n.nspname <> 'pg_catalog' then (
    select string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_attribute a
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') end,
  exists (select from pg_trigger t where t.tgrelid = c.oid and t.tgenabled in ('A', 'R'))
  or exists (select from pg_rewrite r where r.ev_class = c.oid and r.ev_enabled in ('A', 'R')
             and c.relkind <> 'm'),
  (select s.seqcache from pg_sequence s where s.seqrelid = c.oid), c.reltoastrelid <> 0
from pg_class c join pg_namespace n on n.oid = c.relnamespace
cross join (select dattablespace from pg_database where datname = current_database()) d
where c.relkind in ('r', 'm', 'S', 'i', 't') and c.relpersistence <> 't'
"""


def read_relations(session: Session) -> dict[FileKey, Relation]:
    """All relations with files of their own, temporary ones left out."""
    (rows,) = session.query(_RELATIONS)
    return dict(_parse(row) for row in rows)


def _parse(row: Row) -> tuple[FileKey, Relation]:
    tablespace, filenode, shared, oid, name, kind, catalogue, unlogged, columns, fires, cache, toast = row
    key = FileKey(_number(tablespace), _number(filenode), shared == "t")
    relation = Relation(
        oid=_number(oid),
        name=str(name),
        kind=str(kind),
        is_catalogue=catalogue == "t",
        is_unlogged=unlogged == "t",
        columns=columns,
        fires_always=fires == "t",
        cache=int(cache or 1),
        has_toast=toast == "t",
    )
    return key, relation


def _number(text: str | None) -> int:
    return int(text or 0)
