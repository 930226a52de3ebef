"""Upgrading twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.checks.finding import Finding
from seatrial.checks.migrations.ignoring import snapshot
from seatrial.checks.migrations.rows import Rows
from seatrial.checks.migrations.scripts import Migrations
from seatrial.errors import TemplateError
from seatrial.postgres.catalog import differences

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seatrial.checks.finding import Note
    from seatrial.checks.ground import Ground


def rerun(ground: Ground) -> Iterator[Finding | Note]:
    """`alembic upgrade head` on a database that is there already changes nothing: no table, and no row."""
    migrations = Migrations(ground)
    with ground.empty() as scratch:
        migrations.upgrade(scratch)
        with scratch.connect() as admin:
            rows = Rows(admin)
            schema = snapshot(admin)
            rows.look()
            try:
                migrations.upgrade(scratch)
            except TemplateError as error:
                yield Finding(
                    where="upgrade head",
                    what=f"expected that a second run does nothing; {error.message}",
                    remedy="let env.py and the revisions do nothing where the database is at the head",
                    detail=error.detail,
                )
                return
            changed = differences(schema, snapshot(admin))
            changed += [f"{table}: its rows are others" for table in rows.touched()]
    if changed:
        yield Finding(
            where="upgrade head",
            what="expected that a second run changes nothing; it changed",
            remedy="let env.py and the revisions do nothing where the database is at the head",
            detail="\n".join(changed),
        )
