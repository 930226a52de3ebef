"""What differs between two schemas: one line for each difference, grouped by object, always in one order."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from seatrial.postgres.catalog.names import Names, quoted
from seatrial.postgres.catalog.scope import Scope, parents
from seatrial.postgres.catalog.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from seatrial.postgres.catalog.catalog import Catalog, Entry

    Facts = Mapping[str, Any]

_GROUPS = {"extension": 0, "schema": 1, "default privileges": 3, "event trigger": 4, "publication": 5}
_OF_SCHEMAS, _REST = 2, 6
_KINDS = (
    "type",
    "relation",
    "column",
    "constraint",
    "index",
    "statistics",
    "trigger",
    "rule",
    "policy",
    "sequence",
    "function",
)
_HAVE_NAMES = {"constraint", "index", "statistics", "trigger", "rule", "policy"}


def differences(expected: Catalog, found: Catalog, *, names: bool = True) -> list[str]:
    """What differs, one line each; empty if the two are equal.

    A line says what was expected, an arrow, and what was found: `orders.total: type numeric(10,2) ->
    numeric(12,2)`. What belongs to a missing table, or is the same for a table and its partitions, is said
    once. If only the name of a constraint, index, trigger, rule or policy is another, that is one line.

    Args:
        expected: what should be there.
        found: what is there.
        names: whether such another name is a difference.
    """
    return _Comparison(expected.entries, found.entries).lines(names=names)


class _Comparison:
    """Two catalogues side by side."""

    def __init__(self, expected: Mapping[Entry, Facts], found: Mapping[Entry, Facts]) -> None:
        self._expected = expected
        self._found = found
        self._both = expected.keys() & found.keys()
        self._names = Names.of([*expected, *found])
        self._wording = Wording(self._names)
        self._replaced = {
            entry.path
            for entry in self._both
            if entry.kind == "relation" and expected[entry]["kind"] != found[entry]["kind"]
        }
        missing, extra = expected.keys() - found.keys(), found.keys() - expected.keys()
        self._renamed = _renamed({e: expected[e] for e in missing}, {e: found[e] for e in extra})
        new_names = set(self._renamed.values())
        self._missing = Scope.of({e: expected[e] for e in missing - self._renamed.keys()})
        self._extra = Scope.of({e: found[e] for e in extra - new_names})

    def lines(self, *, names: bool) -> list[str]:
        told: list[tuple[Entry, str]] = []
        if names:
            told += [(entry, self._rename(entry)) for entry in self._renamed]
        told += self._one_sided(self._missing, "is missing")
        told += self._one_sided(self._extra, "is not expected")
        for entry in self._both:
            told += [(entry, line) for line in self._changed(entry)]
        shown = [(entry, line) for entry, line in told if not self._is_in_replaced(entry)]
        # Lines about one object are in an order of their own.
        return [line for _, line in sorted(shown, key=lambda pair: _order(pair[0]))]

    def _is_in_replaced(self, entry: Entry) -> bool:
        return entry.kind != "relation" and entry.is_in_relation and entry.path[:2] in self._replaced

    def _rename(self, entry: Entry) -> str:
        kind = self._expected[entry].get("kind", entry.kind)
        return f"{self._names.head(entry, kind)} is named {quoted(self._renamed[entry].path[2])}"

    def _one_sided(self, scope: Scope, verdict: str) -> Iterator[tuple[Entry, str]]:
        for entry, facts in scope.entries.items():
            above = parents(entry, self._expected) or parents(entry, self._found)
            repeats = any(scope.entries.get(parent) == facts for parent in above)
            if repeats or scope.covers(entry):
                continue
            line = f"{self._names.head(entry, facts.get('kind', entry.kind))} {verdict}"
            partitions = scope.partitions.get(entry.path, 0)
            summary = self._wording.summary(entry, facts)
            line += f", with {partitions} partition{'s'[: partitions > 1]}" if partitions else ""
            yield entry, f"{line}: {summary}" if summary else line

    def _changed(self, entry: Entry) -> Iterator[str]:
        expected, found = self._expected[entry], self._found[entry]
        if expected == found:
            return
        label = self._names.label(entry, found.get("kind", entry.kind))
        if entry.path in self._replaced:
            yield f"{label}: {expected['kind']} -> {found['kind']}"
            return
        above = [parent for parent in parents(entry, self._expected) if parent in self._both]
        said = {
            text
            for parent in above
            for text in self._wording.changes(self._expected[parent], self._found[parent])
        }
        for text in self._wording.changes(expected, found):
            if text not in said:
                yield f"{label}: {text}"


def _renamed(missing: Mapping[Entry, Facts], extra: Mapping[Entry, Facts]) -> dict[Entry, Entry]:
    """Pairs of objects that are the same but for their name, the first in order with the first."""
    candidates: dict[str, list[Entry]] = {}
    for entry in _with_names(extra):
        candidates.setdefault(_but_for_the_name(entry, extra[entry]), []).append(entry)
    pairs = {}
    for entry in _with_names(missing):
        others = candidates.get(_but_for_the_name(entry, missing[entry]))
        if others:
            pairs[entry] = others.pop(0)
    return pairs


def _with_names(entries: Mapping[Entry, Facts]) -> list[Entry]:
    return sorted(entry for entry in entries if entry.kind in _HAVE_NAMES)


def _but_for_the_name(entry: Entry, facts: Facts) -> str:
    return json.dumps([entry.kind, entry.path[:2], facts], sort_keys=True)


def _order(entry: Entry) -> tuple[int, tuple[str, ...], int, tuple[str, ...], str]:
    group = _GROUPS.get(entry.kind, _OF_SCHEMAS if entry.kind in _KINDS else _REST)
    rank = _KINDS.index(entry.kind) if entry.kind in _KINDS else 0
    return group, entry.path[:2], rank, entry.path, entry.kind
