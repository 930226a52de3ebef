"""Checks of pgvector's columns: their dimension, their distances and their indexes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from seatrial.checks.asking import OWN
from seatrial.checks.finding import Finding, Inapplicable
from seatrial.checks.registry import Check
from seatrial.postgres.sql import identifier

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from seatrial.checks.finding import Note
    from seatrial.checks.ground import Ground

_COLUMNS = """
select own.name, own.oid::regclass::text, a.attname::text, t.typname::text, a.atttypmod,
  array(select array[x.relname::text, o.opcname::text] from pg_index i
        join pg_class x on x.oid = i.indexrelid join pg_opclass o on o.oid = i.indclass[0]
        join pg_am m on m.oid = x.relam
        where i.indrelid = own.oid and i.indkey[0] = a.attnum and i.indisvalid
          and m.amname in ('hnsw', 'ivfflat') order by x.relname)
from own join pg_attribute a on a.attrelid = own.oid join pg_type t on t.oid = a.atttypid
where t.typname in ('vector', 'halfvec', 'sparsevec') and a.attnum > 0 and not a.attisdropped
  and not own.relispartition
order by own.name, a.attnum
"""
# For (1, 2) and (4, 6): their distance, what is left of their cosine, and their inner product, negated.
_DISTANCES = {"<->": 5.0, "<=>": 1 - 16 / math.sqrt(5 * 52), "<#>": -16.0}
_OPERATORS = {"l2": "<->", "cosine": "<=>", "ip": "<#>", "l1": "<+>"}
_NEAR = 1e-6


def dimensions(ground: Ground) -> Iterator[Finding | Note]:
    """Every vector column says how many numbers its vectors have.

    Without it rows of several models lie in one column, and comparing them is an error at the first query.
    """
    with ground.copy() as scratch, scratch.connect() as connection:
        for table, _, column, kind, size, _ in _columns(connection):
            if size < 1:
                yield Finding(
                    where=f"{table}.{column}",
                    what=f"expected {kind}(n), found {kind} of any length",
                    remedy=f"ALTER TABLE {table} ALTER {column} TYPE {kind}(n)",
                )


def distances(ground: Ground) -> Iterator[Finding | Note]:
    """The operators for distances give what pgvector gives, on this server."""
    with ground.copy() as scratch, scratch.connect() as connection:
        _columns(connection)
        for operator, expected in _DISTANCES.items():
            row = connection.execute(
                f"select ('[1,2]'::vector {operator} '[4,6]'::vector)::float8".encode()
            ).fetchone()
            found = float(row[0]) if row else math.nan
            if not abs(found - expected) < _NEAR:
                yield Finding(
                    where=f"vector {operator} vector",
                    what=f"expected {expected:.6f} for [1,2] and [4,6], found {found:.6f}",
                    remedy="use pgvector itself, and no stand-in for it",
                )


def indexes(ground: Ground) -> Iterator[Finding | Note]:
    """Every vector column has an index, and the planner uses it for the distance it was made for."""
    with ground.copy() as scratch, scratch.connect() as connection:
        connection.execute("set enable_seqscan = off")
        for table, quoted, column, kind, size, found in _columns(connection):
            if not found:
                yield Finding(
                    where=f"{table}.{column}",
                    what="expected an index for nearest neighbours, found none: every search reads all rows",
                    remedy=f"CREATE INDEX CONCURRENTLY ON {table} USING hnsw ({column} vector_cosine_ops), "
                    "for the distance the queries use",
                )
            for index, family in found:
                order = f"{identifier(column)} {_operator(family)}"
                if size > 0 and index not in _plan(connection, quoted, order, size, kind):
                    yield Finding(
                        where=f"{table}.{index}",
                        what=f"expected that it serves ORDER BY {order} $1 LIMIT 1; the planner does not "
                        "use it",
                        remedy="look at its predicate, and at EXPLAIN with enable_seqscan = off",
                    )


CHECKS = (
    Check("vectors.dimensions", dimensions),
    Check("vectors.distances", distances),
    Check("vectors.indexes", indexes),
)


def _columns(connection: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    rows = connection.execute((OWN + _COLUMNS).encode()).fetchall()
    if not rows:
        raise Inapplicable("no table has a vector column")
    return rows


def _operator(family: str) -> str:
    return next((operator for name, operator in _OPERATORS.items() if f"_{name}_" in family), "<->")


def _plan(connection: psycopg.Connection[Any], table: str, order: str, size: int, kind: str) -> str:
    """How the server would look for the nearest neighbour."""
    origin = f"array_fill(1, array[{size}])::vector::{kind}"
    question = f"explain select from {table} order by {order} {origin} limit 1"
    return "\n".join(str(line) for (line,) in connection.execute(question.encode()))
