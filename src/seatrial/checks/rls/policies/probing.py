"""What the application can do in a world, held against what the policies say it can."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from seatrial.checks.finding import Finding
from seatrial.checks.rls.policies.rules import check, using
from seatrial.checks.rls.policies.sessions import insert
from seatrial.postgres.sql import identifier

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seatrial.checks.making.tables import Table
    from seatrial.checks.rls.policies.rules import Command, Policy
    from seatrial.checks.rls.policies.sessions import Sessions
    from seatrial.checks.rls.policies.worlds import World

_TRIED = 2
"""Rows of each kind, of those a condition allows and of those it does not, on which a command is tried."""


@dataclass
class Probe:
    """One table in one world.

    Attributes:
        table: it.
        policies: those that concern the application.
        sessions: the two.
        world: who the application is.
        tried: what was tried so far, over all worlds: command and whether it was to succeed.
        stopped: why commands came to nothing that was expected to succeed, for the reader.
    """

    table: Table
    policies: Sequence[Policy]
    sessions: Sessions
    world: World
    tried: set[tuple[str, bool]] = field(default_factory=set)
    stopped: set[str] = field(default_factory=set)

    def run(self) -> Iterator[Finding]:
        """Try every command on rows that are allowed and rows that are not.

        Raises:
            Unanswerable: the policies cannot be evaluated in this world.
        """
        everything = self.sessions.rows_where(self.table, "true")
        readable = self.sessions.rows_where(self.table, using(self.policies, "select"))
        seen = self.sessions.visible(self.table)
        if seen is None:
            self.stopped.add("select: no right")
        elif seen != readable:
            yield self._read(seen, readable)
        for command in ("update", "delete"):
            allowed = readable & self.sessions.rows_where(self.table, using(self.policies, command))
            for place, is_allowed in _some(allowed, everything):
                yield from self._change(command, place, is_allowed=is_allowed)
        writable = self.sessions.rows_where(self.table, check(self.policies, "insert"))
        for place, is_allowed in _some(writable, everything):
            yield from self._insert(place, is_allowed=is_allowed, is_readable=place in readable)

    def _read(self, seen: set[str], readable: set[str]) -> Finding:
        more, less = len(seen - readable), len(readable - seen)
        said = (
            f"it sees {more} rows that no policy allows"
            if more
            else f"{less} rows that a policy allows are hidden"
        )
        return self._finding("SELECT", said)

    def _change(self, command: Command, place: str, *, is_allowed: bool) -> Iterator[Finding]:
        outcome = self.sessions.attempt(change(self.table, command), [place])
        yield from self._judge(command, outcome, is_allowed=is_allowed)

    def _insert(self, place: str, *, is_allowed: bool, is_readable: bool) -> Iterator[Finding]:
        with self.sessions.without(self.table, place) as row:
            outcome = self.sessions.attempt(*insert(self.table, row))
            yield from self._judge("insert", outcome, is_allowed=is_allowed)
            # What comes back has to be readable as well, and would hide a check that lets everything in.
            outcome = self.sessions.attempt(*insert(self.table, row, returning=True))
            yield from self._judge("insert ... returning", outcome, is_allowed=is_allowed and is_readable)

    def _judge(self, command: str, outcome: str, *, is_allowed: bool) -> Iterator[Finding]:
        self.tried.add((command, is_allowed))
        if is_allowed and outcome in ("refused", "no row"):
            yield self._finding(command.upper(), "a row that the policies allow is refused")
        elif not is_allowed and outcome == "done":
            yield self._finding(command.upper(), "a row that no policy allows is accepted")
        elif is_allowed and outcome != "done":
            self.stopped.add(f"{command}: {outcome}")

    def _finding(self, command: str, what: str) -> Finding:
        return Finding(
            where=f"{self.table.name}: {command}",
            what=f"expected that the application can do what its policies say; {what}{self._who()}",
            remedy="see whether row-level security is on and forced, and whether the role is bound by it",
        )

    def _who(self) -> str:
        return (
            f" (with {', '.join(f'{name} = {value!r}' for name, value in self.world.items())})"
            if self.world
            else ""
        )


def change(table: Table, command: str) -> str:
    """The statement that updates, without changing anything, or deletes the row at a place."""
    quoted = table.quoted.replace("%", "%%")
    columns = [column for column in table.columns if not column.is_generated and column.identity != "a"]
    same = identifier(columns[0].name).replace("%", "%%")
    if command == "update":
        return f"update {quoted} set {same} = {same} where ctid = %s::tid"  # noqa: S608 - quoted names
    return f"delete from {quoted} where ctid = %s::tid"  # noqa: S608 - quoted names


def _some(allowed: set[str], everything: set[str]) -> list[tuple[str, bool]]:
    yes = [(place, True) for place in sorted(allowed)[:_TRIED]]
    return yes + [(place, False) for place in sorted(everything - allowed)[:_TRIED]]
