"""The parts of a catalogue that a comparison can do without."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seatrial.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seatrial.postgres.catalog.catalog import Entry


@dataclass(frozen=True)
class Part:
    """Whole objects of some kinds, and single facts of all others."""

    kinds: frozenset[str] = frozenset()
    facts: frozenset[str] = frozenset()


PARTS = {
    "comments": Part(facts=frozenset({"comment", "index comment"})),
    "extensions": Part(frozenset({"extension"})),
    "functions": Part(frozenset({"function"})),
    "grants": Part(frozenset({"default privileges"}), frozenset({"grants", "identity grants"})),
    "policies": Part(frozenset({"policy"}), frozenset({"row security"})),
    "publications": Part(frozenset({"publication"}), frozenset({"replica identity"})),
    "rules": Part(frozenset({"rule"})),
    "sequences": Part(frozenset({"sequence"})),
    "statistics": Part(frozenset({"statistics"}), frozenset({"statistics target"})),
    "storage": Part(
        facts=frozenset(
            {"access method", "clustered", "compression", "option", "storage", "tablespace", "toast option"}
        )
    ),
    "triggers": Part(frozenset({"event trigger", "trigger"})),
    "views": Part(frozenset({"view", "materialized view"})),
}


def leave_out(
    entries: Mapping[Entry, Mapping[str, Any]], names: Sequence[str]
) -> dict[Entry, Mapping[str, Any]]:
    """What remains of a catalogue without some of its parts.

    Raises:
        CatalogError: there is no such part.
    """
    for name in names:
        if name not in PARTS:
            raise CatalogError(
                f"a catalogue has no part {name!r}",
                code="catalog.part",
                remedy=f"take one of {', '.join(PARTS)}",
            )
    kinds = frozenset[str]().union(*(PARTS[name].kinds for name in names))
    dropped = frozenset[str]().union(*(PARTS[name].facts for name in names))
    # A view's columns, indexes and triggers go with it.
    relations = {
        entry.path for entry, facts in entries.items() if entry.kind == "relation" and facts["kind"] in kinds
    }
    return {
        entry: {name: value for name, value in facts.items() if name not in dropped}
        for entry, facts in entries.items()
        if entry.kind not in kinds and not (entry.is_in_relation and entry.path[:2] in relations)
    }
