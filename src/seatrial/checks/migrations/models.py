"""Migrations and models describe one schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.checks.finding import Finding, Inapplicable, Note
from seatrial.checks.migrations.ignoring import as_models_can_say, snapshot
from seatrial.checks.migrations.scripts import Migrations
from seatrial.checks.migrations.worker import NO_MODELS
from seatrial.errors import TemplateError
from seatrial.postgres.catalog import differences

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seatrial.checks.ground import Ground, Scratch


def models(ground: Ground) -> Iterator[Finding | Note]:
    """The database after all migrations is the one that the models would make.

    Compared are the catalogues of two databases: one migrated to the head, one made by `create_all()` of
    the metadata that env.py names, or `checks.migrations.models`. What models cannot express (functions,
    triggers, policies, grants, views) counts only where the models' database has any of its kind.
    """
    migrations = Migrations(ground)
    with ground.empty() as migrated, ground.empty() as made:
        migrations.upgrade(migrated)
        with made.connect() as connection:
            empty = snapshot(connection)
        source = _make(migrations, made, ground.settings.checks.migrations.models)
        with migrated.connect() as one, made.connect() as other:
            left, right = as_models_can_say(snapshot(one), snapshot(other), empty=empty)
    yield Note(f"models: {source}")
    for line in differences(right, left):
        place, difference = _parts(line)
        yield Finding(
            where=place,
            what=f"models and migrations differ (models -> migrations): {difference}",
            remedy="write a revision that brings the database to the models, or correct the models",
        )


def _make(migrations: Migrations, made: Scratch, metadata: str | None) -> str:
    """Make the tables of the models; which metadata that was."""
    try:
        source: str = migrations.ask(made, "models", metadata=metadata, sync_url=made.address().url("sync"))
    except TemplateError as error:
        if NO_MODELS in error.message:
            raise Inapplicable(NO_MODELS) from error
        raise
    return source


def _parts(line: str) -> tuple[str, str]:
    """The object that a difference is about, and what differs."""
    for verdict in (" is missing", " is not expected"):
        place, found, rest = line.partition(verdict)
        if found and ": " not in place:
            return place, f"it{found}{rest}"
    place, _, difference = line.partition(": ")
    return place, difference
