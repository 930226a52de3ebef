"""What a test did, found out in one round trip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seatrial.postgres.isolation.triggers import content, marks
from seatrial.postgres.isolation.triggers.batch import batch
from seatrial.postgres.isolation.triggers.catalogue import ask_digest, digest
from seatrial.postgres.isolation.triggers.sessions import ask_transactions

if TYPE_CHECKING:
    import psycopg

    from seatrial.postgres.isolation.triggers.baseline import Baseline
    from seatrial.postgres.isolation.triggers.content import SequenceState
    from seatrial.postgres.isolation.triggers.tables import Relations


@dataclass(frozen=True, kw_only=True)
class Observation:
    """How the database differs from a baseline."""

    in_transaction: bool
    """Whether a session is inside a transaction, so that more may be seen when that is over."""
    schema_changed: bool
    written: frozenset[int]
    moved: dict[str, SequenceState]
    """Sequences that left their place, with the place to put them back to."""


def observe(connection: psycopg.Connection[Any], relations: Relations, baseline: Baseline) -> Observation:
    """Look at everything that tells of a change."""
    import psycopg  # noqa: PLC0415 - an extra; loaded only when a server is used

    try:
        with batch(connection):
            transactions = ask_transactions(connection)
            catalogue = ask_digest(connection, ours=True)
            written = marks.ask_written(connection, relations.tables)
            sequences = content.ask_sequences(connection, list(baseline.sequences))
    except psycopg.ProgrammingError:
        # A sequence that is no longer there, or another in its place; the catalogue says so.
        if digest(connection, ours=True) == baseline.catalogue:
            raise
        busy = ask_transactions(connection).fetchone() == (True,)
        return Observation(in_transaction=busy, schema_changed=True, written=frozenset(), moved={})
    present = {name: (last, called) for name, last, called in sequences.fetchall()}
    return Observation(
        in_transaction=transactions.fetchone() == (True,),
        schema_changed=catalogue.fetchone() != (baseline.catalogue,),
        written=frozenset(oid for (oid,) in written.fetchall()),
        moved={
            name: state
            for name, state in baseline.sequences.items()
            if present[name] != (state.last_value, state.is_called)
        },
    )
