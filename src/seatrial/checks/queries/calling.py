"""Calling what an application offers to read, and counting what each call sends to the database."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx2

from seatrial.checks.queries.ids import ids_in, parts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from seatrial.app import Client, CountedStatements
    from seatrial.checks.queries.operations import Operation
    from seatrial.ledger.repeats import Sent

_TRIED = 12
"""How many rows of each kind are asked for one by one."""
_READ_AT_MOST = 4_000_000
_SECONDS = 30.0
_ENDLESS = "text/event-stream"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back for one call.

    Attributes:
        status: of the answer; None where there was none.
        size: how much it holds: values of JSON, else lines.
        body: the JSON in it, if it is that.
        sent: text and values of the statements sent for it.
        error: what the application raised instead of it.
    """

    status: int | None
    size: int = 0
    body: Any = None
    sent: tuple[Sent, ...] = ()
    error: str = ""

    @property
    def is_ok(self) -> bool:
        """Whether it is the answer that was asked for."""
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 - what HTTP calls success


@dataclass(kw_only=True)
class Calls:
    """All operations, called by one identity with the rows that are there.

    Args:
        client: speaks as that identity.
        seen: counts the statements.
        settle: waits until a request has left nothing running; what the application has raised for it.
        stored: ids of the rows that are there, by the place in a path: what comes before it, and its name.
    """

    client: Client
    seen: CountedStatements
    settle: Callable[[], str]
    stored: Callable[[str, str], Sequence[str]]
    _bodies: dict[str, Any] = field(default_factory=dict)

    def call(self, operations: Iterable[Operation]) -> dict[str, Answer]:
        """Template -> the answer that took the most statements, of those that came; else one that refused."""
        return {operation.template: self._worst(operation) for operation in operations}

    def _worst(self, operation: Operation) -> Answer:
        answers = [self._answer(path, operation.query) for path in self._paths(operation)]
        good = [answer for answer in answers if answer.is_ok]
        if good:
            # Of all rows the one with the most below it: one is as good as another otherwise.
            return max(good, key=lambda answer: (len(answer.sent), answer.size))
        return answers[0] if answers else Answer(status=None)

    def _paths(self, operation: Operation) -> list[str]:
        """The paths that an operation's template stands for, with ids of rows that are there."""
        paths = [""]
        for fixed, parameter in parts_of(operation.template):
            paths = [path + fixed for path in paths]
            if parameter:
                paths = [
                    path + quote(value, safe="")
                    for path in paths
                    for value in self._values(operation, path, parameter)
                ]
        return list(dict.fromkeys(paths))[:_TRIED]

    def _values(self, operation: Operation, before: str, parameter: str) -> list[str]:
        if parameter in operation.choices:
            return list(operation.choices[parameter])[:_TRIED]
        listed = ids_in(self._bodies.get(before.rstrip("/")), parameter)
        stored = self.stored(before, parameter)
        # The first in the table has the most below it; those that nobody lists may be other people's.
        both = [value for value in stored if value in listed]
        return list(dict.fromkeys([*both, *listed, *stored]))[:_TRIED]

    def _answer(self, path: str, query: Mapping[str, str]) -> Answer:
        before = len(self.seen)
        try:
            status, kind, text = self._read(path, query)
        except httpx2.HTTPError:
            return Answer(status=None, error=self.settle())
        error = self.settle()
        sent = tuple(
            (each.text, each.values) for each in self.seen.statements[before:] if each.exchange is not None
        )
        body = _json(text) if "json" in kind else None
        if not query:
            self._bodies[path.rstrip("/")] = body
        size = _size(body) if body is not None else text.count("\n")
        return Answer(status=status, size=size, body=body, sent=sent, error=error)

    def _read(self, path: str, query: Mapping[str, str]) -> tuple[int, str, str]:
        with self.client.stream("GET", path, params=dict(query), timeout=_SECONDS) as response:
            kind = response.headers.get("content-type", "")
            body = bytearray()
            for part in () if kind.startswith(_ENDLESS) else response.iter_bytes():
                body += part
                if len(body) > _READ_AT_MOST:
                    break
            return response.status_code, kind, body.decode("utf-8", "replace")


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _size(body: Any) -> int:
    if isinstance(body, dict):
        return 1 + sum(map(_size, body.values()))
    return 1 + sum(map(_size, body)) if isinstance(body, list) else 1
