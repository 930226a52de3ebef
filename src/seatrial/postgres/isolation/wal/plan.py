"""What a reset has to do, decided before anything is done."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seatrial.postgres.isolation.wal.mirror import Mirror
    from seatrial.postgres.isolation.wal.records import Findings
    from seatrial.postgres.isolation.wal.relations import Relation

_MOST_BLOCKS = 100


class CloneNeededError(Exception):
    """A reset in place cannot be proved right, or costs more than a fresh copy."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(kw_only=True)
class Plan:
    """The repair of one window of the log."""

    empty: list[Relation] = field(default_factory=list)
    """Tables that lose all their rows."""
    refill: list[Relation] = field(default_factory=list)
    """Small seeded tables: emptied as well, then filled with the rows of the baseline in their old order."""
    patch: dict[int, set[int]] = field(default_factory=dict)
    """Large seeded tables, by object id, and the blocks to compare."""
    shrink: list[Relation] = field(default_factory=list)
    """Emptied tables that have grown."""
    sequences: list[Relation] = field(default_factory=list)
    large_objects: bool = False

    @property
    def is_nothing(self) -> bool:
        """Whether all that was written left no trace."""
        return not (self.empty or self.refill or self.patch or self.sequences or self.large_objects)


def plan_repair(found: Findings, rewritten: set[int], mirror: Mirror) -> Plan:
    """Decide how each changed relation gets its baseline back.

    Args:
        found: what was written.
        rewritten: object ids of relations that lie in another file than before.
        mirror: the baseline.

    Raises:
        CloneNeededError: one of them cannot be reset.
    """
    if found.large_objects and mirror.holds_large_objects:
        raise CloneNeededError("large objects of the baseline")
    plan = Plan(large_objects=found.large_objects)
    dirty = [
        mirror.relations[oid] for oid in {*found.tables, *rewritten} if mirror.relations[oid].kind == "r"
    ]
    unlogged = [relation for relation in mirror.unlogged if relation.kind == "r" and relation not in dirty]
    for table in dirty:
        if table.fires_always:
            raise CloneNeededError("trigger or rule that always fires")
    seeds = mirror.seeds([*dirty, *unlogged])
    for table in dirty:
        if not seeds[table.oid].rows:
            _plan_empty(plan, table, found)
        else:
            _plan_seeded(plan, table, found, rewritten, small=seeds[table.oid].is_small)
    _plan_unlogged(plan, unlogged, {table.oid for table in unlogged if seeds[table.oid].rows})
    _plan_sequences(plan, found.sequences | rewritten, mirror)
    return plan


def _plan_empty(plan: Plan, table: Relation, found: Findings) -> None:
    plan.empty.append(table)
    if max(found.tables.get(table.oid, ()), default=0) > 0:
        plan.shrink.append(table)


def _plan_seeded(plan: Plan, table: Relation, found: Findings, rewritten: set[int], *, small: bool) -> None:
    if table.is_unlogged:
        raise CloneNeededError("seeded unlogged table")
    if table.columns is None:
        raise CloneNeededError("seeded table without columns")
    if small:
        plan.refill.append(table)
    elif table.oid in rewritten:
        raise CloneNeededError("large seeded table rewritten")
    elif len(found.tables[table.oid]) > _MOST_BLOCKS:
        raise CloneNeededError("large write")
    else:
        plan.patch[table.oid] = found.tables[table.oid]


def _plan_unlogged(plan: Plan, unlogged: list[Relation], seeded: set[int]) -> None:
    """Tables without a log are emptied every time: whether they were written cannot be known."""
    for table in unlogged:
        if table.oid in seeded:
            raise CloneNeededError("seeded unlogged table")
        if table.fires_always:
            raise CloneNeededError("trigger or rule that always fires")
        plan.empty.append(table)


def _plan_sequences(plan: Plan, dirty: set[int], mirror: Mirror) -> None:
    plan.sequences += [mirror.relations[oid] for oid in dirty if mirror.relations[oid].kind == "S"]
    plan.sequences += [
        sequence for sequence in mirror.unlogged if sequence.kind == "S" and sequence.oid not in dirty
    ]
    if any(sequence.cache > 1 for sequence in plan.sequences):
        raise CloneNeededError("sequence whose values sessions keep")
