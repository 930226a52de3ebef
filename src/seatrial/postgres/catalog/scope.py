"""What is told once for many objects: with the table they belong to, or with its parent."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seatrial.postgres.catalog.catalog import Entry

if TYPE_CHECKING:
    from collections.abc import Mapping

    Facts = Mapping[str, Any]

_NO_SCHEMA = {"schema", "extension", "event trigger", "publication"}


@dataclass(frozen=True)
class Scope:
    """Objects that are on one side only, and what goes with them."""

    entries: Mapping[Entry, Facts]
    paths: Mapping[str, frozenset[tuple[str, ...]]]
    partitions: Mapping[tuple[str, ...], int]
    """How many of these objects are partitions of a table, by the names of the table."""

    @classmethod
    def of(cls, entries: Mapping[Entry, Facts]) -> Scope:
        """The scope of what is missing, or of what is not expected."""
        kinds = ("schema", "relation", "type", "column")
        paths = {kind: frozenset(e.path for e in entries if e.kind == kind) for kind in kinds}
        whole = (facts["inherits"] for facts in entries.values() if "bound" in facts)
        return cls(entries, paths, Counter(tuple(parent) for parents in whole for parent in parents))

    def covers(self, entry: Entry) -> bool:
        """Whether a line about another object tells of this one too."""
        facts = self.entries[entry]
        if entry.kind not in _NO_SCHEMA and entry.path[:1] in self.paths["schema"]:
            return True
        if entry.kind == "relation":
            parents = facts["inherits"] if "bound" in facts else ()
            return any(tuple(parent) in self.paths["relation"] for parent in parents)
        if entry.is_in_relation:
            return entry.path[:2] in self.paths["relation"] or entry.path[:2] in self.paths["type"]
        owners = [tuple(owner) for owner in facts.get("owned by", ())]
        return any(o[:2] in self.paths["relation"] or o in self.paths["column"] for o in owners)


def parents(entry: Entry, entries: Mapping[Entry, Facts]) -> list[Entry]:
    """What an object of a partition or an heir is in the tables above."""
    above = entries.get(Entry("relation", entry.path[:2]), {}).get("inherits", ())
    return [Entry(entry.kind, (*parent, *entry.path[2:])) for parent in above]
