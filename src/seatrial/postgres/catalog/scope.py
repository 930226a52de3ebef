"""What is told once for many objects: with the table they belong to, or with its parent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seatrial.postgres.catalog.catalog import Entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Facts = Mapping[str, Any]

_NO_SCHEMA = {"schema", "extension", "event trigger", "publication"}


@dataclass(frozen=True)
class Scope:
    """Objects that are on one side only, and what goes with them."""

    entries: Mapping[Entry, Facts]
    paths: Mapping[str, frozenset[tuple[str, ...]]]

    @classmethod
    def of(cls, entries: Mapping[Entry, Facts]) -> Scope:
        """The scope of what is missing, or of what is not expected."""
        kinds = ("schema", "relation", "type", "column")
        return cls(entries, {k: frozenset(e.path for e in entries if e.kind == k) for k in kinds})

    def covers(self, entry: Entry) -> bool:
        """Whether a line about another object tells of this one too."""
        facts = self.entries[entry]
        if entry.kind not in _NO_SCHEMA and entry.path[:1] in self.paths["schema"]:
            return True
        if entry.kind == "relation":
            return self._is_partition_of(entry, self.paths["relation"])
        if entry.is_in_relation:
            return entry.path[:2] in self.paths["relation"] or entry.path[:2] in self.paths["type"]
        owners = [tuple(owner) for owner in facts.get("owned by", ())]
        return any(o[:2] in self.paths["relation"] or o in self.paths["column"] for o in owners)

    def partitions(self, entry: Entry) -> int:
        """How many of these objects are partitions of a table."""
        return sum(self._is_partition_of(other, {entry.path}) for other in self.entries)

    def _is_partition_of(self, entry: Entry, parents: Iterable[tuple[str, ...]]) -> bool:
        facts = self.entries[entry]
        return "bound" in facts and any(tuple(parent) in parents for parent in facts["inherits"])


def parents(entry: Entry, entries: Mapping[Entry, Facts]) -> list[Entry]:
    """What an object of a partition or an heir is in the tables above."""
    above = entries.get(Entry("relation", entry.path[:2]), {}).get("inherits", ())
    return [Entry(entry.kind, (*parent, *entry.path[2:])) for parent in above]
