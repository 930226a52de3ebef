"""What a relation or a function reaches without being named: out of the definitions in a catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seatrial.postgres.catalog import Catalog

_TEXTS = ("body", "default", "definition", "generated", "using", "with check")


def reaches(catalog: Catalog) -> dict[str, list[str]]:
    """For `Ledger.relations_by_test`: names -> the texts in which further names are.

    A view reaches what its query names, a table what its triggers, rules, policies and defaults call, a
    function what its body names. Of foreign keys only those count that change rows by themselves: whoever
    deletes an order touches its items if they go with it.
    """
    found: dict[str, list[str]] = {}
    for entry, facts in catalog.entries.items():
        if entry.kind == "constraint":
            _add_actions(found, entry.path, facts)
        elif entry.is_in_relation or entry.kind in ("relation", "function"):
            texts = [str(facts[name]) for name in _TEXTS if name in facts]
            found.setdefault(".".join(_quoted(name) for name in entry.path[:2]), []).extend(texts)
            _add_family(found, entry.path, facts)
    return {name: texts for name, texts in found.items() if texts}


def _add_actions(found: dict[str, list[str]], path: tuple[str, ...], facts: Mapping[str, object]) -> None:
    definition = str(facts.get("definition", ""))
    _, references, target = definition.partition(" REFERENCES ")
    if references and (" ON DELETE " in target or " ON UPDATE " in target):
        found.setdefault(target.partition("(")[0], []).append(".".join(_quoted(name) for name in path[:2]))


def _add_family(found: dict[str, list[str]], path: tuple[str, ...], facts: Mapping[str, object]) -> None:
    """Rows of a partition are those of its parent, and the other way round."""
    parents = facts.get("inherits")
    for schema, name in parents if isinstance(parents, list) else ():
        child, parent = (".".join(_quoted(part) for part in names) for names in (path[:2], (schema, name)))
        found.setdefault(parent, []).append(child)
        found.setdefault(child, []).append(parent)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
