"""Columns that every table should have, and types that will not last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.checks.asking import ask
from seatrial.checks.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seatrial.checks.finding import Note
    from seatrial.checks.ground import Ground

_WITHOUT_KEY = """
select own.name from own
where not own.relispartition
  and not exists (select from pg_constraint k where k.conrelid = own.oid and k.contype = 'p')
order by own.name
"""
_WITHOUT_ZONE = """
select own.name, quote_ident(a.attname), format_type(a.atttypid, a.atttypmod)
from own join pg_attribute a on a.attrelid = own.oid join pg_type t on t.oid = a.atttypid
where a.attnum > 0 and not a.attisdropped and not own.relispartition
  and 'timestamp'::regtype in (t.oid, t.typbasetype, t.typelem)
order by own.name, a.attnum
"""
_NEAR_THE_END = """
select * from (
  select own.name as table_name, quote_ident(a.attname) as column_name,
    s.seqrelid::regclass::text as sequence,
    coalesce(pg_sequence_last_value(s.seqrelid), s.seqstart) as last,
    least(s.seqmax, case a.atttypid when 'int2'::regtype then 32767 when 'int4'::regtype then 2147483647
                    else 9223372036854775807 end) as highest,
    format_type(a.atttypid, a.atttypmod) as type
  from pg_sequence s
  join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = s.seqrelid and d.deptype in ('a', 'i')
    and d.refclassid = 'pg_class'::regclass
  join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
  join own on own.oid = a.attrelid
  where s.seqincrement > 0 and not s.seqcycle
) numbered
where last > highest * 0.75
order by table_name, column_name
"""


def primary_keys(ground: Ground) -> Iterator[Finding | Note]:
    """Every table has a primary key: rows can be told apart, and replicated."""
    for (table,) in ask(ground, _WITHOUT_KEY):
        yield Finding(
            where=table,
            what="expected a primary key, found none",
            remedy="add one; for a table of pairs, of both columns",
        )


def timestamps(ground: Ground) -> Iterator[Finding | Note]:
    """Every point in time is stored with its zone: without, it means another moment to each session."""
    for table, column, kind in ask(ground, _WITHOUT_ZONE):
        yield Finding(
            where=f"{table}.{column}",
            what=f"expected timestamp with time zone, found {kind}",
            remedy=f"ALTER TABLE {table} ALTER {column} TYPE timestamptz USING {column} AT TIME ZONE 'UTC', "
            "if it holds UTC",
        )


def sequences(ground: Ground) -> Iterator[Finding | Note]:
    """No sequence has used up three quarters of its numbers, or of what its column can hold."""
    for table, column, sequence, last, highest, kind in ask(ground, _NEAR_THE_END):
        yield Finding(
            where=f"{table}.{column}",
            what=f"expected room for growth, found {sequence} at {last} of {highest} ({kind})",
            remedy=f"ALTER TABLE {table} ALTER {column} TYPE bigint, and let the sequence go as far",
        )
