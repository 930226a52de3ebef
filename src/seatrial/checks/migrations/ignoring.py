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


def as_models_can_say(migrated: Catalog, made: Catalog, *, empty: Catalog) -> tuple[Catalog, Catalog]:
    """Both without the parts of which the models make nothing.

    Args:
        migrated: what the migrations made.
        made: what the models made.
        empty: what was there before them: rights on the schema `public`, declared extensions.
    """
    unsaid = [part for part in _BEYOND_MODELS if _of(made, part) == _of(empty, part)]
    return migrated.without(*unsaid), made.without(*unsaid)


def _of(catalog: Catalog, part: str) -> dict[Any, dict[str, Any]]:
    """What a catalogue has of a part: whole objects, and single facts of others."""
    rest = catalog.without(part).entries
    facts = {
        entry: {name: known for name, known in known_of.items() if name not in rest.get(entry, {})}
        for entry, known_of in catalog.entries.items()
    }
    return {entry: known for entry, known in facts.items() if known or entry not in rest}
