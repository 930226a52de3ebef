"""From a catalogue to the mutants of a schema."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from seatrial.audit.mutations.mutant import Kind, Mutant
from seatrial.audit.mutations.narrowing import narrower, using
from seatrial.postgres.catalog.names import Names
from seatrial.postgres.sql import identifier

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from seatrial.postgres.catalog import Catalog
    from seatrial.postgres.catalog.catalog import Entry

    Facts = Mapping[str, Any]

_CONSTRAINTS = {
    "primary key": Kind.PRIMARY_KEY,
    "foreign key": Kind.FOREIGN_KEY,
    "unique constraint": Kind.UNIQUE,
    "exclusion constraint": Kind.UNIQUE,
    "check": Kind.CHECK,
}
_COLUMNS_OF_KEY = re.compile(r"PRIMARY KEY \((?P<columns>.*?)\)(?: |$)")
_COLUMN_OF_KEY = re.compile(r'"(?:[^"]|"")+"|[^\s,"]+')
_REFERENCED = re.compile(r'REFERENCES (?P<table>(?:"(?:[^"]|"")+"|[^\s("])+)\(')
_TABLES = ("table", "partitioned table")


def mutants_of(catalog: Catalog) -> list[Mutant]:
    """Every mutant of a schema, those of one table together, the empty schema first.

    Left out is what a table has from another: partitions and heirs lose it with their parents.
    """
    return list(_Making(catalog).mutants())


class _Making:
    def __init__(self, catalog: Catalog) -> None:
        self._entries = catalog.entries
        self._names = Names.of(catalog.entries)
        self._tables = {
            entry.path: facts
            for entry, facts in catalog.entries.items()
            if entry.kind == "relation" and facts.get("kind") in _TABLES
        }
        self._keys = self._columns_of_keys()

    def mutants(self) -> Iterator[Mutant]:
        yield self._nothing()
        for path in sorted(self._tables):
            yield from self._row_security(path)
            for entry in sorted(self._entries):
                if entry.path[:2] == path:
                    yield from self._of_part(entry, self._entries[entry])
        for entry in sorted(self._entries):
            if self._is_check_of_domain(entry):
                yield self._dropped_from_domain(entry)

    def _of_part(self, entry: Entry, facts: Facts) -> Iterator[Mutant]:
        if entry.kind == "policy":
            yield self._dropped(Kind.POLICY, entry, "POLICY {name} ON {table}")
            yield from self._opened(entry, facts)
        elif entry.kind == "trigger" and facts.get("state") != "disabled":
            yield self._dropped(Kind.TRIGGER, entry, "TRIGGER {name} ON {table}")
        elif entry.kind == "constraint" and "enforcement" not in facts:
            yield self._without_constraint(entry, facts)
        elif entry.kind == "index":
            unique = facts["definition"].startswith("unique ")
            yield self._dropped(Kind.UNIQUE if unique else Kind.INDEX, entry, "INDEX {schema}.{name}")
        elif entry.kind == "column" and not self._tables[entry.path[:2]].get("inherits"):
            yield from self._of_column(entry, facts)

    def _nothing(self) -> Mutant:
        tables = ", ".join(_table(path) for path in sorted(self._tables))
        return Mutant(
            name="the whole schema",
            kind=Kind.SCHEMA,
            relations=(),
            statements=(f"DROP TABLE IF EXISTS {tables} CASCADE",) if tables else (),
        )

    def _row_security(self, path: tuple[str, ...]) -> Iterator[Mutant]:
        state = self._tables[path].get("row security", "")
        if state.startswith("enabled"):
            yield self._altered(Kind.ROW_SECURITY, path, "DISABLE ROW LEVEL SECURITY")
        if state == "enabled and forced":
            yield self._altered(Kind.FORCE, path, "NO FORCE ROW LEVEL SECURITY")

    def _altered(self, kind: Kind, path: tuple[str, ...], change: str) -> Mutant:
        return Mutant(
            name=f"{self._names.path(path)}: {kind.value}",
            kind=kind,
            relations=(".".join(path),),
            statements=(f"ALTER TABLE {_table(path)} {change}",),
        )

    def _dropped(self, kind: Kind, entry: Entry, what: str) -> Mutant:
        schema, _, name = entry.path
        dropped = what.format(table=_table(entry.path), schema=identifier(schema), name=identifier(name))
        return Mutant(
            name=self._names.head(entry, _called(entry, self._entries[entry])),
            kind=kind,
            relations=(".".join(entry.path[:2]),),
            statements=(f"DROP {dropped}",),
        )

    def _opened(self, entry: Entry, facts: Facts) -> Iterator[Mutant]:
        """A policy that lets everything in: without it nothing would get in, which any test meets."""
        for clause in ("using", "with check"):
            if facts.get(clause, "true") != "true":
                policy = f"{identifier(entry.path[2])} ON {_table(entry.path)}"
                yield Mutant(
                    name=f"{self._names.head(entry, 'policy')} {clause.upper()} (true)",
                    kind=Kind.OPEN_POLICY,
                    relations=(".".join(entry.path[:2]),),
                    statements=(f"ALTER POLICY {policy} {clause.upper()} (true)",),
                )

    def _without_constraint(self, entry: Entry, facts: Facts) -> Mutant:
        relations = [".".join(entry.path[:2])]
        if referenced := _REFERENCED.search(facts["definition"]):
            relations.append(self._qualified(referenced["table"]))
        return Mutant(
            name=self._names.head(entry, facts["kind"]),
            kind=_CONSTRAINTS[facts["kind"]],
            relations=tuple(dict.fromkeys(relations)),
            statements=(f"ALTER TABLE {_table(entry.path)} DROP CONSTRAINT {identifier(entry.path[2])}",),
        )

    def _of_column(self, entry: Entry, facts: Facts) -> Iterator[Mutant]:
        is_key = entry.path in self._keys
        if "not null" in facts.get("nullability", "") and not is_key and "identity" not in facts:
            yield self._column(Kind.NOT_NULL, entry, "DROP NOT NULL")
        if "identity" in facts:
            yield self._column(Kind.DEFAULT, entry, "DROP IDENTITY")
        elif "default" in facts:
            yield self._column(Kind.DEFAULT, entry, "DROP DEFAULT")
        smaller = narrower(facts.get("type", "")) if "generated" not in facts else None
        if smaller is not None:
            change = f"TYPE {smaller} USING {using(identifier(entry.path[2]), smaller)}"
            yield self._column(Kind.TYPE, entry, change, label=f"type {facts['type']}")

    def _column(self, kind: Kind, entry: Entry, change: str, *, label: str = "") -> Mutant:
        statements = [f"ALTER TABLE {_table(entry.path)} ALTER COLUMN {identifier(entry.path[2])} {change}"]
        if kind is Kind.TYPE and change.startswith("TYPE text"):
            statements[:0] = self._indexes_on(entry)
        return Mutant(
            name=f"{self._names.path(entry.path)}: {label or kind.value}",
            kind=kind,
            relations=(".".join(entry.path[:2]),),
            statements=tuple(statements),
        )

    def _indexes_on(self, column: Entry) -> list[str]:
        """What drops the indexes of a vector column: no operator class of theirs takes a text."""
        return [
            f"DROP INDEX {identifier(entry.path[0])}.{identifier(entry.path[2])}"
            for entry, facts in self._entries.items()
            if entry.kind == "index"
            and entry.path[:2] == column.path[:2]
            and re.search(rf"\b{re.escape(column.path[2])}\b", facts["definition"])
        ]

    def _columns_of_keys(self) -> set[tuple[str, ...]]:
        found = set()
        for entry, facts in self._entries.items():
            if entry.kind == "constraint" and facts["kind"] == "primary key":
                match = _COLUMNS_OF_KEY.match(facts["definition"])
                for column in _COLUMN_OF_KEY.findall(match["columns"] if match else ""):
                    found.add((*entry.path[:2], _unquoted(column)))
        return found

    def _is_check_of_domain(self, entry: Entry) -> bool:
        return entry.kind == "constraint" and self._kind_of_type(entry.path[:2]) == "domain"

    def _kind_of_type(self, path: tuple[str, ...]) -> str:
        return next(
            (str(f["kind"]) for e, f in self._entries.items() if e.kind == "type" and e.path == path), ""
        )

    def _dropped_from_domain(self, entry: Entry) -> Mutant:
        users = {
            ".".join(e.path[:2])
            for e, facts in self._entries.items()
            if e.kind == "column" and entry.path[1] in facts.get("type", "")
        }
        return Mutant(
            name=self._names.head(entry, "check"),
            kind=Kind.CHECK,
            relations=tuple(sorted(users)),
            statements=(f"ALTER DOMAIN {_table(entry.path)} DROP CONSTRAINT {identifier(entry.path[2])}",),
        )

    def _qualified(self, table: str) -> str:
        """`schema.name`, unquoted, of a table as a definition names it."""
        parts = [_unquoted(part) for part in re.findall(r'"(?:[^"]|"")+"|[^."]+', table)]
        return ".".join(parts)


def _called(entry: Entry, facts: Facts) -> str:
    return "unique index" if facts.get("definition", "").startswith("unique ") else entry.kind


def _table(path: tuple[str, ...]) -> str:
    return f"{identifier(path[0])}.{identifier(path[1])}"


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
