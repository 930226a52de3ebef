"""From the names in a statement to the relations it touches, as far as that can be told from its text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from seatrial.ledger.identifiers import names_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from seatrial.ledger.identifiers import Names

_PREPARED = re.compile(r"\s*prepare\s+(\w+|\"[^\"]+\")", re.IGNORECASE)
_EXECUTED = re.compile(r"\s*execute\s+(\w+|\"[^\"]+\")", re.IGNORECASE)


class Relations:
    """The relations of a database, found by the names that statements use.

    What is found is a superset: names are compared without regard to case, a name without a schema is that of
    the relation in every schema, and a column, alias or common table expression that is named like a
    relation counts as the relation. What a statement reaches without naming it (by a view, a function, a
    trigger, a foreign key) is found only where `reaches` says so.

    Args:
        known: schema and name of each relation.
        reaches: what a relation or function reaches further, each `"name"` or `"schema.name"`.
    """

    def __init__(
        self, known: Iterable[tuple[str, str]], *, reaches: Mapping[str, Collection[str]] | None = None
    ) -> None:
        self._by_name: dict[str, set[tuple[str, str]]] = {}
        self._schemas: set[str] = set()
        for schema, name in known:
            self._by_name.setdefault(name.lower(), set()).add((schema, name))
            self._schemas.add(schema.lower())
        self._reaches = {_last(key): _chains(further) for key, further in (reaches or {}).items()}

    def of(self, names: Names) -> frozenset[str]:
        """The relations that these names may stand for, and what those reach, as `schema.name`."""
        found: set[str] = set()
        seen: set[tuple[str, ...]] = set()
        waiting = list(names)
        while waiting:
            chain = waiting.pop()
            if chain in seen:
                continue
            seen.add(chain)
            found |= self._named(chain)
            for part in chain:
                waiting += self._reaches.get(part, ())
        return frozenset(found)

    def _named(self, chain: tuple[str, ...]) -> set[str]:
        found = set()
        for before, name in zip(("", *chain), chain, strict=False):
            for schema, relation in self._by_name.get(name, ()):
                if before not in self._schemas or before == schema.lower():
                    found.add(f"{schema}.{relation}")
        return found


def prepared_names(texts: Iterable[tuple[str, Names]]) -> dict[str, Names]:
    """What `PREPARE` statements gave a name to: that name -> the names in all statements it stood for."""
    found: dict[str, Names] = {}
    for text, names in texts:
        if match := _PREPARED.match(text):
            name = match[1].strip('"').lower()
            found[name] = (*found.get(name, ()), *names)
    return found


def executed(text: str) -> str | None:
    """The name of the prepared statement that an `EXECUTE` runs; None for every other statement."""
    match = _EXECUTED.match(text)
    return match[1].strip('"').lower() if match else None


def _last(name: str) -> str:
    return names_in(name)[0][-1] if names_in(name) else name.lower()


def _chains(names: Collection[str]) -> list[tuple[str, ...]]:
    return [chain for name in names for chain in names_in(name)]
