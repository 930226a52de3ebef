"""A schema as it was at one moment: objects by kind and name, and what is known of each."""

from __future__ import annotations

import fnmatch
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from seatrial.errors import CatalogError
from seatrial.postgres.catalog.parts import leave_out

if TYPE_CHECKING:
    from collections.abc import Mapping

_FORMAT = 1
_IN_RELATION = frozenset(
    {"relation", "column", "constraint", "index", "statistics", "trigger", "rule", "policy"}
)
_WITHOUT_SCHEMA = frozenset({"extension", "event trigger", "publication"})
_KNOWN = _IN_RELATION | _WITHOUT_SCHEMA | {"schema", "type", "sequence", "function", "default privileges"}


class Entry(NamedTuple):
    """The key of an object: its kind, and its names from the schema down."""

    kind: str
    path: tuple[str, ...]

    @property
    def is_in_relation(self) -> bool:
        """Whether the first two names are those of a table, a view or a domain."""
        return self.kind in _IN_RELATION

    @property
    def is_known_by_name_only(self) -> bool:
        """Whether the path is a schema, or nothing, and what the server calls the object."""
        return self.kind not in _KNOWN


@dataclass(frozen=True, repr=False)
class Catalog:
    """The schema of a database, comparable with any other.

    Two are equal if the same objects are there, with the same definitions. Object identifiers, the order of
    creation, the order of columns and the name of the database are no part of it.
    """

    entries: Mapping[Entry, Mapping[str, Any]]
    """What is known of each object; a fact that has its usual value is not there."""

    def __repr__(self) -> str:
        return f"<Catalog of {len(self.entries)} objects, {self.digest[:12]}>"

    @property
    def digest(self) -> str:
        """64 hexadecimal digits: equal for equal catalogues, also of other processes and days."""
        return hashlib.sha256("\n".join(self._lines()).encode()).hexdigest()

    def ignoring(self, *patterns: str) -> Catalog:
        """The same without the objects whose names match, and without what belongs to them.

        Args:
            patterns: names with `*`, `?` and `[...]`, by capitals and unquoted: `alembic_version` for a
                table of the schema `public`, `orders.total` for its column, `audit.*` for another schema
                and all that is in it, `postgis` for an extension. `*` also stands for dots.
        """
        kept = {e: facts for e, facts in self.entries.items() if not _matches(_names(e), patterns)}
        owned = {
            entry
            for entry, facts in kept.items()
            if any(_matches(_places(tuple(owner)), patterns) for owner in facts.get("owned by", ()))
        }
        return Catalog({entry: facts for entry, facts in kept.items() if entry not in owned})

    def without(self, *parts: str) -> Catalog:
        """The same without some parts, for a comparison with what cannot have them.

        Args:
            parts: any of `comments`, `extensions`, `functions`, `grants`, `policies`, `publications`,
                `rules`, `sequences`, `statistics`, `storage`, `triggers`, `views`.

        Raises:
            CatalogError: there is no such part.
        """
        return Catalog(leave_out(self.entries, parts))

    def to_json(self) -> str:
        """A text for a file, the same for equal catalogues: one line per object, in order."""
        objects = ",\n".join(self._lines())
        return f'{{"seatrial_catalog": {_FORMAT}, "objects": [\n{objects}\n]}}\n'

    @classmethod
    def from_json(cls, text: str) -> Catalog:
        """The catalogue that `to_json` wrote.

        Raises:
            CatalogError: the text is something else, or of another version of seatrial.
        """
        try:
            read = json.loads(text)
            form = read["seatrial_catalog"]
            entries = {Entry(kind, tuple(path)): facts for kind, path, facts in read["objects"]}
        except (ValueError, TypeError, KeyError) as error:
            raise _unreadable(f"the text is no catalogue: {error!r}") from error
        if form != _FORMAT:
            raise _unreadable(f"the catalogue has form {form}, and this version reads form {_FORMAT}")
        return cls(entries)

    def _lines(self) -> list[str]:
        return [
            json.dumps([entry.kind, entry.path, self.entries[entry]], sort_keys=True, ensure_ascii=False)
            for entry in sorted(self.entries)
        ]


def _unreadable(message: str) -> CatalogError:
    return CatalogError(
        message, code="catalog.file", remedy="take the snapshot again and write it with `Catalog.to_json`"
    )


def _matches(names: list[str], patterns: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for name in names for pattern in patterns)


def _names(entry: Entry) -> list[str]:
    if entry.kind == "schema":
        # `audit.*` means the schema too, and `audit` alone is a table of `public`.
        return [f"{entry.path[0]}."]
    if entry.kind in _WITHOUT_SCHEMA:
        return list(entry.path)
    if entry.kind == "default privileges":
        return [f"{entry.path[0]}."] if entry.path[0] else []
    if entry.is_known_by_name_only:
        return [entry.path[1]]
    return _places(entry.path)


def _places(path: tuple[str, ...]) -> list[str]:
    starts = [path, path[1:]] if path[0] == "public" else [path]
    # The first name of a whole path is a schema, which says nothing about what is in it.
    return [
        ".".join(start[:end]) for start in starts for end in range(len(start) - len(path) + 2, len(start) + 1)
    ]
