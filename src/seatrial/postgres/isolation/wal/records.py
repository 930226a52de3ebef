"""What the records of the log mean: which tables and sequences changed, and what needs a closer look."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from seatrial.postgres.isolation.wal.relations import FileKey, Relation

INDEX_MANAGERS = ("Btree", "Hash", "Gin", "Gist", "SPGist", "BRIN")
"""An index changes only together with its table."""

_HARMLESS = {
    # Locks, statistics kept in place, and the second half of INSERT ... ON CONFLICT.
    "Heap": {"LOCK", "INPLACE", "HEAP_CONFIRM", "TRUNCATE"},
    # What VACUUM and reading tidy up.
    "Heap2": {
        "PRUNE_ON_ACCESS",
        "PRUNE_VACUUM_SCAN",
        "PRUNE_VACUUM_CLEANUP",
        "VISIBLE",
        "LOCK_UPDATED",
        "NEW_CID",
        "REWRITE",
    },
    "XLOG": {"FPI_FOR_HINT"},
}

_STATISTICS = frozenset({"pg_statistic", "pg_statistic_ext_data"})
_LARGE_OBJECTS = frozenset({"pg_largeobject", "pg_largeobject_metadata"})


@dataclass(frozen=True)
class Change:
    """Records of one kind on one file since the last position."""

    file: FileKey
    manager: str
    record: str
    blocks: frozenset[int] = frozenset()

    @property
    def is_harmless(self) -> bool:
        """Whether records of this kind leave what a query sees as it was."""
        kind = self.record.removesuffix("+INIT")
        return self.manager in INDEX_MANAGERS or kind in _HARMLESS.get(self.manager, ())


@dataclass
class Findings:
    """What changed."""

    tables: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    """Object ids of tables, each with its blocks that were written."""
    views: set[int] = field(default_factory=set)
    """Object ids of materialised views."""
    sequences: set[int] = field(default_factory=set)
    catalogues: set[str] = field(default_factory=set)
    """Names of system catalogues of the tested database."""
    shared: bool = False
    """Whether a catalogue that all databases share was written."""
    large_objects: bool = False
    unknown: set[FileKey] = field(default_factory=set)
    """Files that belong to no relation we know: something was created or rewritten."""


def classify(changes: Iterable[Change], relations: Mapping[FileKey, Relation]) -> Findings:
    """Sort what the log holds by what has to be done about it; what is not known to be harmless counts."""
    found = Findings()
    for change in changes:
        if change.is_harmless:
            continue
        relation = relations.get(change.file)
        if relation is not None:
            _note(found, change, relation)
        elif change.file.is_shared:
            found.shared = True
        else:
            found.unknown.add(change.file)
    return found


def _note(found: Findings, change: Change, relation: Relation) -> None:
    if relation.kind in "iIt":
        # Every change of an index or of a TOAST table comes with one of the table it belongs to.
        return
    if change.file.is_shared:
        # Who owns what and has which rights is kept again with each object.
        found.shared |= relation.catalogue_name != "pg_shdepend"
    elif relation.is_catalogue:
        _note_catalogue(found, relation.catalogue_name)
    elif relation.kind == "S":
        found.sequences.add(relation.oid)
    elif relation.kind == "m":
        found.views.add(relation.oid)
    else:
        found.tables[relation.oid] |= change.blocks


def _note_catalogue(found: Findings, name: str) -> None:
    if name in _LARGE_OBJECTS:
        found.large_objects = True
    elif name not in _STATISTICS:
        found.catalogues.add(name)
