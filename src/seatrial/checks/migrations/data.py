"""Rows survive migrations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from seatrial.checks.finding import Finding, Inapplicable, Note
from seatrial.checks.migrations.scripts import Failure, Migrations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seatrial.checks.ground import Ground
    from seatrial.checks.migrations.scripts import Revision, Stop, Walk


def data_survives(ground: Ground) -> Iterator[Finding | Note]:
    """Revisions can be applied to tables that hold rows, and lose and change none of them.

    Rows with awkward values are made in every table as soon as it is there, out of nothing but the
    catalogue. Then each revision is applied, taken back and applied again. What a revision deletes or
    updates by a statement that names the table is taken to be meant.
    """
    migrations = Migrations(ground)
    revisions = migrations.history.revisions
    moves: list[tuple[str, str]] = []
    for revision in revisions:
        moves.append(("up", revision.id))
        if not revision.is_merge:
            moves += [("down", revision.id), ("up", revision.id)]
    with ground.empty() as scratch:
        walk = migrations.walk(scratch, moves, with_rows=True)
    by_id = {revision.id: revision for revision in revisions}
    if walk.stops and not any(stop.tables_with_rows for stop in walk.stops):
        raise Inapplicable("no row could be made in any table")
    for stop in walk.stops:
        yield from _changes(by_id[stop.revision], stop)
    taken_back = {stop.revision for stop in walk.stops if stop.direction == "down"}
    for failure in walk.failures:
        if failure.direction == "up" and failure.revision in taken_back and _is_there(failure):
            yield _left_behind(failure, by_id[failure.revision])
        elif not _is_known_without_rows(failure):
            yield _failed_with_rows(failure, by_id[failure.revision])
    yield from _without_rows(walk)


def _changes(revision: Revision, stop: Stop) -> Iterator[Finding]:
    done = "applying it" if stop.direction == "up" else "taking it back"
    for change in stop.changed:
        yield Finding(
            where=f"{revision}: {change['where']}",
            what=f"expected that rows survive {done}; {change['what']}",
            remedy="keep them, or say in the revision by a statement what is to become of them",
        )


def _is_known_without_rows(failure: Failure) -> bool:
    """A downgrade that was never written fails with rows and without: `migrations.stairway` tells it."""
    return "NotImplementedError" in failure.message


def _is_there(failure: Failure) -> bool:
    """Whether it would make what exists: the class of the error says so in every language of a server."""
    return (
        re.search(r"\bDuplicate(Table|Object|Column|Schema|Function)|already exists", failure.message)
        is not None
    )


def _left_behind(failure: Failure, revision: Revision) -> Finding:
    return Finding(
        where=str(revision),
        what=f"expected that it can be applied again after it was taken back; it raised {failure.message}",
        remedy="take back in downgrade() all that upgrade() does: see `migrations.stairway`",
        detail=failure.traceback,
    )


def _failed_with_rows(failure: Failure, revision: Revision) -> Finding:
    done = "applied" if failure.direction == "up" else "taken back"
    return Finding(
        where=str(revision),
        what=f"expected that it can be {done} where tables hold rows; it raised {failure.message}",
        remedy="fill new columns before they become NOT NULL, clean up before a constraint is added; if it "
        "fails on empty tables as well, `migrations.upgrade` tells it",
        detail=failure.traceback,
    )


def _without_rows(walk: Walk) -> Iterator[Note]:
    """Tables for which no row could be made at the last stop: nothing is known of theirs."""
    if walk.stops:
        for table, why in sorted(walk.stops[-1].without_rows.items()):
            yield Note(f"no row could be made in {table}: {why}")
