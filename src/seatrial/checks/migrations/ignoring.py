"""What is left out when schemas are compared of which one was migrated."""

from __future__ import annotations

import glob
from typing import TYPE_CHECKING, Any

from seatrial.postgres import catalog
from seatrial.postgres.template.verify import version_tables

if TYPE_CHECKING:
    import psycopg

    from seatrial.postgres.catalog import Catalog

_BEYOND_MODELS = (
    "extensions",
    "functions",
    "grants",
    "policies",
    "publications",
    "rules",
    "statistics",
    "storage",
    "triggers",
    "views",
)
"""Parts of a schema that models have no words for, unless by an event of theirs."""


def snapshot(connection: psycopg.Connection[Any]) -> Catalog:
    """The schema of the project; Alembic's own table is no part of it."""
    own = [f"{schema}.{table}" for schema, table in version_tables(connection)]
    return catalog.snapshot(connection, ignore=map(glob.escape, own))


def as_models_can_say(migrated: Catalog, made: Catalog) -> tuple[Catalog, Catalog]:
    """Both without the parts of which the models make nothing."""
    unsaid = [part for part in _BEYOND_MODELS if made.without(part) == made]
    return migrated.without(*unsaid), made.without(*unsaid)
