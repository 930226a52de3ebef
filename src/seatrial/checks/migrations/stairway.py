"""Up, down and up again, at every revision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.checks.finding import Finding, Note
from seatrial.checks.migrations.scripts import Migrations, failed
from seatrial.postgres.catalog import differences

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seatrial.checks.ground import Ground
    from seatrial.checks.migrations.scripts import Revision, Stop


def stairway(ground: Ground) -> Iterator[Finding | Note]:
    """Taking a revision back leaves the schema of the one before, and applying it again the same as at first.

    Revisions that join branches are applied and not taken back.
    """
    migrations = Migrations(ground)
    revisions = migrations.history.revisions
    moves: list[tuple[str, str]] = []
    for revision in revisions:
        moves.append(("up", revision.id))
        if not revision.is_merge:
            moves += [("down", revision.id), ("up", revision.id)]
    with ground.empty() as scratch:
        walk = migrations.walk(scratch, [("none", ""), *moves])
    by_id = {revision.id: revision for revision in revisions}
    stops = walk.stops
    for position, stop in enumerate(stops):
        if stop.direction == "down":
            # An upgrade is before every downgrade, and something before that.
            yield from _taken_back(by_id[stop.revision], stops[position - 2], stop)
            yield from _again(by_id[stop.revision], stops[position - 1], stops[position + 1 : position + 2])
    for failure in walk.failures:
        yield failed(failure, by_id[failure.revision])
    merges = sum(revision.is_merge for revision in revisions)
    if merges:
        yield Note(f"{merges} revisions that join branches were not taken back")


def _taken_back(revision: Revision, before: Stop, down: Stop) -> Iterator[Finding]:
    if left := differences(before.catalog, down.catalog):
        yield Finding(
            where=str(revision),
            what="expected that its downgrade leaves the schema as it was before; it differs",
            remedy="take back in downgrade() all that upgrade() does",
            detail="\n".join(left),
        )


def _again(revision: Revision, first: Stop, then: Sequence[Stop]) -> Iterator[Finding]:
    other = differences(first.catalog, then[0].catalog) if then else []
    if other:
        yield Finding(
            where=str(revision),
            what="expected the same schema when it is applied again; it differs",
            remedy="make upgrade() do the same whatever was there before, and downgrade() leave nothing",
            detail="\n".join(other),
        )
