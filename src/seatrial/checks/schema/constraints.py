"""Constraints that do not hold what they promise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.checks.asking import ask
from seatrial.checks.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seatrial.checks.finding import Note
    from seatrial.checks.ground import Ground

_UNVALIDATED = """
select own.name, k.conname, pg_get_constraintdef(k.oid)
from pg_constraint k join own on own.oid = k.conrelid
where not k.convalidated and k.conparentid = 0
order by own.name, k.conname
"""


def validated_constraints(ground: Ground) -> Iterator[Finding | Note]:
    """Every constraint is validated: one that is NOT VALID or NOT ENFORCED says nothing about older rows."""
    for table, name, definition in ask(ground, _UNVALIDATED):
        enforced = "NOT ENFORCED" not in definition
        state = "not valid" if enforced else "not enforced"
        yield Finding(
            where=f"{table}.{name}",
            what=f"expected a validated constraint, found one that is {state}",
            remedy=f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}"
            if enforced
            else f"ALTER TABLE {table} ALTER CONSTRAINT {name} ENFORCED, or drop it",
            detail=definition,
        )
