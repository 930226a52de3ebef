"""Indexes that are missing, broken, or there twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seatrial.checks.asking import ask
from seatrial.checks.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seatrial.checks.finding import Note
    from seatrial.checks.ground import Ground

_WITHOUT_INDEX = """
select own.name, k.conname, k.confrelid::regclass::text, pg_get_constraintdef(k.oid),
  (select string_agg(quote_ident(a.attname), ', ' order by u.position)
   from unnest(k.conkey) with ordinality u (number, position)
   join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.number)
from pg_constraint k join own on own.oid = k.conrelid
where k.contype = 'f' and k.conparentid = 0
  and not exists (
    select from pg_index i
    where i.indrelid = k.conrelid and i.indisvalid
      and (i.indpred is null or pg_get_expr(i.indpred, i.indrelid) ~ '^\\([^()]+ IS NOT NULL\\)$')
      and k.conkey <@ ((i.indkey::int2[])[0:cardinality(k.conkey) - 1]))
order by own.name, k.conname
"""
_INVALID = """
select own.name, x.relname, i.indisready
from pg_index i join own on own.oid = i.indrelid join pg_class x on x.oid = i.indexrelid
where not i.indisvalid or not i.indisready
order by own.name, x.relname
"""
_INDEXES = """
select own.name, x.relname, i.indisunique, exists (select from pg_constraint k where k.conindid = i.indexrelid
    and k.conrelid = i.indrelid), m.amname, coalesce(pg_get_expr(i.indpred, i.indrelid), ''),
  array(select concat_ws(' ', pg_get_indexdef(i.indexrelid, n, false), o.opcname,
               nullif(i.indcollation[n - 1], 0), nullif(i.indoption[n - 1], 0))
        from generate_series(1, i.indnkeyatts) n
        join pg_opclass o on o.oid = i.indclass[n - 1] order by n),
  i.indnatts > i.indnkeyatts
from pg_index i join own on own.oid = i.indrelid join pg_class x on x.oid = i.indexrelid
join pg_am m on m.oid = x.relam
where i.indisvalid and not own.relispartition
order by own.name, x.relname
"""


def foreign_keys(ground: Ground) -> Iterator[Finding | Note]:
    """Every foreign key has an index that begins with its columns.

    Without one, deleting or updating a referenced row reads the whole referring table, under a lock.
    """
    for table, name, referred, definition, columns in ask(ground, _WITHOUT_INDEX):
        yield Finding(
            where=f"{table}.{name}",
            what=f"expected an index on {table} that begins with ({columns}), found none; without it, who "
            f"deletes from {referred} reads all of {table}",
            remedy=f"CREATE INDEX CONCURRENTLY ON {table} ({columns})",
            detail=definition,
        )


def valid_indexes(ground: Ground) -> Iterator[Finding | Note]:
    """No index is invalid: one that is costs every write, and serves no query and no constraint."""
    for table, name, is_ready in ask(ground, _INVALID):
        state = "invalid" if is_ready else "invalid and not maintained"
        yield Finding(
            where=f"{table}.{name}",
            what=f"expected a valid index, found one that is {state}",
            remedy=f"REINDEX INDEX CONCURRENTLY {name}, or drop it; a partitioned index is valid once all "
            "its partitions have theirs",
        )


@dataclass(frozen=True)
class _Index:
    table: str
    name: str
    is_unique: bool
    is_constraint: bool
    method: str
    predicate: str
    keys: list[str]
    has_more: bool
    """Whether it holds further columns (INCLUDE), so that it can be read instead of the table."""

    def is_redundant_beside(self, other: _Index) -> bool:
        """Whether the other one serves every query that this one serves."""
        if self.is_constraint or self.has_more or self.name == other.name:
            return False
        if (self.table, self.method, self.predicate) != (other.table, other.method, other.predicate):
            return False
        if self.keys == other.keys:
            return self._comes_second(other)
        begins = other.keys[: len(self.keys)] == self.keys
        return begins and self.method == "btree" and not self.is_unique

    def _comes_second(self, other: _Index) -> bool:
        if self.is_unique != other.is_unique:
            return other.is_unique
        return other.is_constraint or self.name > other.name


def redundant_indexes(ground: Ground) -> Iterator[Finding | Note]:
    """No index is there twice, or is the beginning of another: it would cost every write, for nothing."""
    indexes = [_Index(*row) for row in ask(ground, _INDEXES)]
    for index in indexes:
        better = next((other for other in indexes if index.is_redundant_beside(other)), None)
        if better is not None:
            yield Finding(
                where=f"{index.table}.{index.name}",
                what=f"expected that it serves something, found that {better.name} serves the same",
                remedy=f"DROP INDEX CONCURRENTLY {index.name}",
            )
