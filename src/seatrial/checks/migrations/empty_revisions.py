"""Revisions that say they do something and do not."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from seatrial.checks.finding import Finding
from seatrial.checks.migrations.scripts import Migrations, failed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seatrial.checks.finding import Note
    from seatrial.checks.ground import Ground

_ROWS = re.compile(
    r"^\W*(?:with\b.*?\b)?(insert|update|delete|merge|truncate|copy|do|call|select)\b",
    re.IGNORECASE | re.DOTALL,
)
"""Statements that may have changed rows which an empty database does not have."""


def empty_revisions(ground: Ground) -> Iterator[Finding | Note]:
    """Every revision changes the schema, or executes something that changes rows.

    One that does neither was made and never filled, or lost what it did: a condition that is never true, a
    statement that nobody executed. Revisions that only join branches are left out.
    """
    migrations = Migrations(ground)
    revisions = migrations.history.revisions
    with ground.empty() as scratch:
        walk = migrations.walk(scratch, [("none", ""), *(("up", revision.id) for revision in revisions)])
    by_id = {revision.id: revision for revision in revisions}
    for before, after in pairwise(walk.stops):
        revision = by_id[after.revision]
        if revision.is_merge or before.catalog != after.catalog or _may_change_rows(after.statements):
            continue
        yield Finding(
            where=str(revision),
            what=f"expected a change, found none{_executed(after.statements)}",
            remedy="fill it or remove it; one that is empty on purpose is accepted with a reason",
        )
    for failure in walk.failures:
        yield failed(failure, by_id[failure.revision])


def _may_change_rows(statements: Sequence[str]) -> bool:
    return any(_ROWS.match(text) for text in statements)


def _executed(statements: Sequence[str]) -> str:
    return f", although it executes {len(statements)} statements" if statements else "; it executes nothing"
