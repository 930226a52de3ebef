"""From nothing to the head."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.checks.finding import Note
from seatrial.checks.migrations.scripts import Migrations, failed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seatrial.checks.finding import Finding
    from seatrial.checks.ground import Ground


def upgrade(ground: Ground) -> Iterator[Finding | Note]:
    """Every revision can be applied, one after the other, to a database that was empty.

    The time of each is told.
    """
    migrations = Migrations(ground)
    revisions = migrations.history.revisions
    with ground.empty() as scratch:
        walk = migrations.walk(scratch, [("up", revision.id) for revision in revisions])
    by_id = {revision.id: revision for revision in revisions}
    for failure in walk.failures:
        yield failed(failure, by_id[failure.revision])
    for revision, stop in zip(revisions, walk.stops, strict=False):
        yield Note(f"{stop.seconds * 1000:7.0f} ms  {revision.id}  {revision.title}")
