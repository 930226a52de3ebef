"""One line of revisions with one end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.checks.finding import Finding, Note
from seatrial.checks.migrations.scripts import Migrations
from seatrial.errors import TemplateError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seatrial.checks.ground import Ground


def single_head(ground: Ground) -> Iterator[Finding | Note]:
    """The revisions can be read, and end in one head.

    Two heads come from two branches that each added a revision: `alembic upgrade head` fails then, at the
    first deployment after the merge.
    """
    migrations = Migrations(ground)
    try:
        history = migrations.history
    except TemplateError as error:
        yield Finding(
            where=str(migrations.files.scripts.name),
            what=f"expected revisions that Alembic can read; {error.message}",
            remedy="correct the revision that is named",
            detail=error.detail,
        )
        return
    if not history.revisions:
        yield Finding(
            where=migrations.files.scripts.name,
            what="expected revisions; the script folder holds none",
            remedy="make one with `alembic revision --autogenerate`",
        )
    if len(history.heads) > 1:
        named = [str(revision) for revision in history.revisions if revision.id in history.heads]
        yield Finding(
            where="heads",
            what=f"expected one head, found {len(named)}: {', '.join(named)}",
            remedy="join them with `alembic merge heads`, or set down_revision of one to the other",
        )
    if len(history.bases) > 1:
        yield Finding(
            where="bases",
            what=f"expected one first revision, found {len(history.bases)}: {', '.join(history.bases)}",
            remedy="set the down_revision of all but one of them",
        )
    yield Note(f"{len(history.revisions)} revisions")
