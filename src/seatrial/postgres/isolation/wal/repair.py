"""Carrying a plan out in the tested database, in as few round trips as it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.postgres.isolation.wal.blocks import insert

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from seatrial.postgres.isolation.wal.blocks import MovedRows, Patch
    from seatrial.postgres.isolation.wal.mirror import Mirror
    from seatrial.postgres.isolation.wal.plan import Plan
    from seatrial.postgres.isolation.wal.relations import Relation
    from seatrial.postgres.isolation.wal.session import Session

_OWN_TRANSACTION = "select pg_current_xact_id_if_assigned()::xid"


def repair(work: Session, mirror: Mirror, moved: MovedRows, plan: Plan) -> list[str]:
    """Bring the tested database back to its baseline; the ids of the transactions that took.

    Raises:
        psycopg.Error: a statement failed; what is in the database then is not known.
    """
    patches = [
        (mirror.relations[oid], moved.patch(work, mirror, mirror.relations[oid], blocks))
        for oid, blocks in plan.patch.items()
    ]
    own = _put_back(work, mirror, moved, plan, patches)
    for table in (*plan.shrink, *plan.refill):
        work.query(f"vacuum (index_cleanup on, parallel 0, skip_locked, skip_database_stats) {table.name}")
    if plan.refill:
        # Into empty files, so that a query without ORDER BY finds the rows as it would in a fresh copy.
        own += _run(work, [insert(table, mirror.rows_of(table)) for table in plan.refill])[1]
    return own


def _put_back(
    work: Session,
    mirror: Mirror,
    moved: MovedRows,
    plan: Plan,
    patches: Sequence[tuple[Relation, Patch]],
) -> list[str]:
    statements = [f"delete from only {table.name}" for table in (*plan.empty, *plan.refill)]
    if plan.large_objects:
        statements.append("select lo_unlink(oid) from pg_largeobject_metadata")
    statements += set_back(plan.sequences, mirror)
    returning: list[tuple[int, Relation, Patch]] = []
    for table, patch in patches:
        statements += patch.statements(table, mirror)
        if patch.missing:
            returning.append((len(statements) - 1, table, patch))
    results, own = _run(work, statements)
    for index, table, patch in returning:
        moved.note(table, patch.missing, results[index])
    return own


def set_back(sequences: Iterable[Relation], mirror: Mirror) -> list[str]:
    """The statements that give sequences the values of the baseline."""
    wanted = list(sequences)
    values = mirror.sequences(wanted)
    return [
        f"select setval({sequence.oid}::regclass, {values[sequence.oid][0]}, '{values[sequence.oid][1]}')"
        for sequence in wanted
    ]


def _run(work: Session, statements: Sequence[str]) -> tuple[list[list[tuple[str | None, ...]]], list[str]]:
    *results, ((own,),) = work.query(";".join([*statements, _OWN_TRANSACTION]))
    return results, [own] if own else []
