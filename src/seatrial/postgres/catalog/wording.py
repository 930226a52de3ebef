"""What is said about one object: what it is, and which of its facts are others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seatrial.postgres.catalog.names import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from seatrial.postgres.catalog.catalog import Entry
    from seatrial.postgres.catalog.names import Names

_LONGEST = 160
_CONTEXT = 40
_USUAL = {
    "cost": "the default",
    "cycle": "no",
    "deferral": "not deferrable",
    "enforcement": "enforced",
    "leakproof": "no",
    "maximum": "the default",
    "minimum": "the default",
    "null arguments": "called",
    "nullability": "nullable",
    "parallel": "unsafe",
    "persistence": "logged",
    "row security": "off",
    "rows": "the default",
    "security": "security invoker",
    "start": "the default",
    "state": "enabled",
    "triggers": "enabled",
    "validation": "validated",
    "validity": "valid",
    "volatility": "volatile",
}
"""What a fact is called where it is not there; the others are `none`."""
_SPEAK_FOR_THEMSELVES = {
    "bound",
    "deferral",
    "definition",
    "enforcement",
    "nullability",
    "persistence",
    "security",
    "state",
    "validation",
    "validity",
    "volatility",
}
_QUOTED = {"comment", "index comment"}
_TOLD = (
    "type",
    "definition",
    "nullability",
    "default",
    "generated",
    "identity",
    "validation",
    "enforcement",
    "deferral",
    "validity",
    "attributes",
    "labels",
    "version",
)
"""What is told of an object that is missing or not expected."""
_PATHS = {"inherits", "owned by"}


@dataclass(frozen=True)
class Wording:
    """Puts facts into words, with the names of one comparison."""

    names: Names

    def summary(self, entry: Entry, facts: Mapping[str, Any]) -> str:
        """What an object is, for a line that says it is missing; empty where its kind says enough."""
        if entry.kind == "policy":
            return self._policy(facts)
        if entry.kind == "default privileges":
            grants = sorted(facts.get("grants", {}).items())
            return _cut(visible("; ".join(f"{grantee}: {rights}" for grantee, rights in grants)))
        if entry.kind == "relation":
            parents = self._value("inherits", facts.get("inherits", []))
            return f"partition of {parents} {visible(facts['bound'])}" if "bound" in facts else ""
        told = (_labelled(name, self._value(name, facts[name])) for name in _TOLD if name in facts)
        return _cut(" ".join(told))

    def changes(self, expected: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
        """One text for each fact that differs, expected before found."""
        for name in sorted({*expected, *found}, key=_order):
            here, there = expected.get(name), found.get(name)
            if here == there:
                continue
            if isinstance(here, dict) or isinstance(there, dict):
                yield from self._entries(name, here or {}, there or {})
            else:
                yield self._change(name, here, there)

    def _entries(self, name: str, expected: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
        is_grant = name.endswith("grants")
        for key in sorted({*expected, *found}):
            here, there = expected.get(key), found.get(key)
            if here == there:
                continue
            usual = "the default" if is_grant and key in ("PUBLIC", "the owner") else "none"
            label = f"{name} to {visible(key)}:" if is_grant else f"{name} {visible(key)}"
            yield _difference(label, _text(here, usual), _text(there, usual))

    def _change(self, name: str, expected: Any, found: Any) -> str:
        both = (_USUAL.get(name, "none") if v is None else self._value(name, v) for v in (expected, found))
        return _difference(name, *both, shown=name not in _SPEAK_FOR_THEMSELVES)

    def _value(self, name: str, value: Any) -> str:
        if name in _PATHS:
            return ", ".join(self.names.path(path) for path in value)
        if name == "labels":
            return "(" + ", ".join(_literal(label) for label in value) + ")"
        if isinstance(value, list):
            return "(" + ", ".join(visible(item) for item in value) + ")"
        return _literal(value) if name in _QUOTED else visible(str(value))

    @staticmethod
    def _policy(facts: Mapping[str, Any]) -> str:
        parts = [f"for {facts['command']} to {facts['roles']}"]
        parts += [f"{name} ({facts[name]})" for name in ("using", "with check") if name in facts]
        return _cut(visible(" ".join(parts)))


def _labelled(name: str, text: str) -> str:
    if name == "generated":
        return f"generated {text}"
    return f"{name} {text}" if name in ("default", "identity") else text


def _order(name: str) -> tuple[int, str]:
    return (_TOLD.index(name) if name in _TOLD else len(_TOLD), name)


def _text(value: Any, usual: str) -> str:
    return usual if value is None else visible(str(value))


def _literal(text: str) -> str:
    return "'" + visible(text).replace("'", "''") + "'"


def _difference(label: str, expected: str, found: str, *, shown: bool = True) -> str:
    if expected == found:
        return f"{label} differs in white space only"
    arrow = _arrow(expected, found)
    return f"{label} {arrow}" if shown else arrow


def _arrow(expected: str, found: str) -> str:
    """Both texts; of long ones that which surrounds the first and the last place where they differ."""
    if max(len(expected), len(found)) > _LONGEST:
        start = max(_common(expected, found) - _CONTEXT, 0)
        expected, found = (("… " if start else "") + text[start:] for text in (expected, found))
        tail = _common(expected[::-1], found[::-1]) - _CONTEXT
        shortest = min(len(expected), len(found))
        if 0 < tail < shortest:
            expected, found = (text[: len(text) - tail] + " …" for text in (expected, found))
    return f"{_cut(expected)} -> {_cut(found)}"


def _cut(text: str) -> str:
    return text if len(text) <= 2 * _LONGEST else text[: 2 * _LONGEST] + " …"


def _common(one: str, other: str) -> int:
    """How many characters both begin with."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
