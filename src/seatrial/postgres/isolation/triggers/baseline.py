"""A state to go back to: copies of the rows, and where sequences and materialised views stood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seatrial.postgres.isolation.triggers import content, marks
from seatrial.postgres.isolation.triggers.catalogue import digest
from seatrial.postgres.isolation.triggers.repair import lock

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import psycopg

    from seatrial.postgres.isolation.triggers.content import SequenceState
    from seatrial.postgres.isolation.triggers.tables import Relations, Table


@dataclass
class Baseline:
    """One state. Tables go by their names, which outlive a rebuild."""

    catalogue: str
    copies: Mapping[str, str]
    """Where the rows of a table are kept; an empty table has no copy."""
    sequences: Mapping[str, SequenceState]
    views: Mapping[str, str | None]
    changed: frozenset[str]
    """The tables that differ from the baseline below."""

    def equals(self, other: Baseline) -> bool:
        """Whether both hold the same rows, numbers and views."""
        return (self.copies, self.sequences, self.views) == (other.copies, other.sequences, other.views)


def take_baseline(
    connection: psycopg.Connection[Any],
    relations: Relations,
    *,
    below: Baseline | None,
    changed: Sequence[Table],
    level: int,
) -> Baseline:
    """The present state as a baseline, with new copies of what changed; the marks are clean then.

    Args:
        connection: of the owner.
        relations: all that is there.
        below: the baseline before, whose copies of the other tables still hold.
        changed: the tables that may differ from it.
        level: how many baselines are below.
    """
    copies = dict(below.copies) if below else {}
    with connection.transaction():
        lock(connection, changed)
        with content.unforced(connection, changed):
            for table in changed:
                name = content.copy_name(level, table)
                copies.pop(table.name, None)
                if not table.partitioned and content.copy_rows(connection, table, to=name):
                    copies[table.name] = name
        marks.clean(connection, changed)
    return Baseline(
        catalogue=digest(connection, ours=True),
        copies=copies,
        sequences=content.sequence_states(connection, relations.sequences),
        views=content.view_contents(connection, relations.views),
        changed=frozenset(table.name for table in changed),
    )
