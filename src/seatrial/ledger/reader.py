"""Reading a ledger: everything in it, and views of single tests, exchanges and relations."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from seatrial.errors import LedgerError
from seatrial.ledger.events import (
    FORMAT,
    Body,
    Catalogue,
    End,
    Event,
    Exchange,
    Gap,
    Outbound,
    Run,
    Sql,
    Statement,
    Test,
    from_values,
)
from seatrial.ledger.relations import Relations, executed, prepared_names

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from seatrial.ledger.identifiers import Names


@dataclass
class Ledger:
    """A ledger in memory, each list in the order of the file: process after process."""

    runs: list[Run] = field(default_factory=list)
    tests: list[Test] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    outbound: list[Outbound] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    """What is missing. A ledger with gaps proves nothing about what did not happen."""
    relations: tuple[tuple[str, str], ...] = ()
    """Schema and name of what is in the tested database; empty where no test used one."""
    _texts: dict[str, Sql] = field(default_factory=dict, repr=False)
    _bodies: dict[str, Body] = field(default_factory=dict, repr=False)
    _prepared: dict[str, Names] | None = field(default=None, repr=False)

    def sql(self, statement: Statement) -> str:
        """The text of a statement, as it was sent, redacted."""
        return self._texts[statement.sql].text

    def body(self, key: str | None) -> str | None:
        """The text of a body, by `request_body` or `response_body` of an exchange."""
        found = self._bodies.get(key or "")
        return found.text if found else None

    def test(self, test: str) -> Test:
        """A test by its id; of several runs of it, the last.

        Raises:
            LedgerError: it did not run.
        """
        for found in reversed(self.tests):
            if found.id == test:
                return found
        raise LedgerError(
            f"The ledger has no test {test!r}",
            code="ledger.no-such-test",
            remedy="Give the id that pytest prints, of a test that ran.",
        )

    def statements_of(self, test: str | None) -> list[Statement]:
        """The statements of a test, or with None those outside of every test."""
        return [statement for statement in self.statements if statement.test == test]

    def exchanges_of(self, test: str | None) -> list[Exchange]:
        """The exchanges of a test, or with None those outside of every test."""
        return [exchange for exchange in self.exchanges if exchange.test == test]

    def outbound_of(self, test: str | None) -> list[Outbound]:
        """The calls to fakes of a test, or with None those outside of every test."""
        return [call for call in self.outbound if call.test == test]

    def statements_in(self, exchange: Exchange) -> list[Statement]:
        """The statements that were sent for an exchange, in order: for N+1, count these."""
        return [statement for statement in self.statements if statement.exchange == exchange.id]

    def names(self, statement: Statement) -> Names:
        """The names in a statement that may be those of relations; in an EXECUTE, those of what it runs."""
        sql = self._texts[statement.sql]
        name = executed(sql.text)
        if name is None:
            return sql.names
        if self._prepared is None:
            self._prepared = prepared_names((known.text, known.names) for known in self._texts.values())
        return (*sql.names, *self._prepared.get(name, ()))

    def relations_in(
        self, statement: Statement, *, reaches: Mapping[str, Collection[str]] | None = None
    ) -> frozenset[str]:
        """The relations that a statement may touch, as `schema.name`; see `Relations` for what that means."""
        return Relations(self.relations, reaches=reaches).of(self.names(statement))

    def relations_of(
        self, test: str | None, *, reaches: Mapping[str, Collection[str]] | None = None
    ) -> frozenset[str]:
        """The relations that a test may touch; with None, what start-up and all between the tests does."""
        return self.relations_by_test(reaches=reaches).get(test, frozenset())

    def relations_by_test(
        self, *, reaches: Mapping[str, Collection[str]] | None = None
    ) -> dict[str | None, frozenset[str]]:
        """Every test that sent a statement, and None for what was outside of tests -> what it may touch.

        Args:
            reaches: what relations and functions reach further: a view its tables, a table what its triggers
                write and what its foreign keys read.
        """
        relations = Relations(self.relations, reaches=reaches)
        of_text: dict[str, frozenset[str]] = {}
        found: dict[str | None, frozenset[str]] = {}
        for statement in self.statements:
            if statement.sql not in of_text:
                of_text[statement.sql] = relations.of(self.names(statement))
            found[statement.test] = found.get(statement.test, frozenset()) | of_text[statement.sql]
        return found

    def tests_touching(
        self, relation: str, *, reaches: Mapping[str, Collection[str]] | None = None
    ) -> list[str]:
        """The ids of the tests that may touch a relation, in the order in which they ran, once each.

        Args:
            relation: `schema.name`, as in `relations`.
            reaches: see `relations_by_test`.
        """
        touched = self.relations_by_test(reaches=reaches)
        ids = dict.fromkeys(test.id for test in self.tests)
        return [test for test in ids if relation in touched.get(test, ())]

    def add(self, event: Event, *, worker: str) -> None:
        """Take in an event of a process."""
        if isinstance(event, Sql):
            self._texts[event.id] = event
        elif isinstance(event, Body):
            self._bodies[event.id] = event
        elif isinstance(event, Catalogue):
            self.relations = tuple(sorted({*self.relations, *event.relations}))
        elif isinstance(event, Run):
            self.runs.append(event)
        elif not isinstance(event, End):
            self._add_to_list(event, worker)

    def _add_to_list(self, event: Test | Exchange | Statement | Outbound | Gap, worker: str) -> None:
        lists: dict[str, list[Any]] = {
            Test.kind: self.tests,
            Exchange.kind: self.exchanges,
            Statement.kind: self.statements,
            Outbound.kind: self.outbound,
            Gap.kind: self.gaps,
        }
        lists[event.kind].append(replace(event, worker=worker))


def read(path: Path) -> Ledger:
    """Read a merged ledger.

    Raises:
        LedgerError: it is not there, no ledger, or of a later form than this version knows.
    """
    ledger = Ledger()
    worker = ""
    for event in _events(path):
        if isinstance(event, Run):
            worker = event.worker
        ledger.add(event, worker=worker)
    return ledger


def _events(path: Path) -> Iterator[Event]:
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                yield _event(line, f"line {number} of {path}")
    except (OSError, UnicodeDecodeError) as error:
        raise LedgerError(
            f"The ledger {path} cannot be read ({error})",
            code="ledger.unreadable",
            remedy="Name a file that a run with --seatrial-ledger has written.",
        ) from error


def _event(line: str, where: str) -> Event:
    try:
        values = json.loads(line)
        known = isinstance(values, dict) and (values.get("kind") != "run" or values.get("format") == FORMAT)
        event = from_values(values) if known else None
    except ValueError as error:
        raise _no_ledger(where, str(error)) from error
    if event is None:
        raise _no_ledger(where, f"expected an event of format {FORMAT}")
    return event


def _no_ledger(where: str, found: str) -> LedgerError:
    return LedgerError(
        f"{where} is no event of a ledger: {found}",
        code="ledger.format",
        remedy="Read the file with the version of seatrial that wrote it, or let the run write it again.",
    )
