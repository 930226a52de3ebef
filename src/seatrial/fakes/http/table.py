"""Everything that a fake serves at one moment, and which of it a request is for."""

from __future__ import annotations

import difflib
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from seatrial.fakes.http.answers import Answer
    from seatrial.fakes.request import Request

_NEAREST = 3


class Spent(Exception):  # noqa: N818 - no error: another request took the last answer
    """Raised by an answer that was given to another request in the meantime."""


@dataclass(frozen=True, kw_only=True)
class Match:
    """Something that takes the request."""

    rank: tuple[int, ...]
    """The smallest is the best."""
    answer: Callable[[], Awaitable[Answer]]
    documented: bool
    """Whether request and answer are held against the OpenAPI document."""
    may_refuse: bool
    """Whether it may be asked for an answer to a request that the document forbids."""


class Served(Protocol):
    """A route, a collection, a receiver of webhooks."""

    standing: bool

    @property
    def labels(self) -> list[str]:
        """How messages name its routes."""

    def match(self, request: Request) -> Match | None:
        """How well it fits; None when the request is for another."""

    def spent(self, request: Request) -> bool:
        """Whether it took such requests and takes no more."""

    def pending(self) -> list[str]:
        """What was scripted and is still to be asked for."""


class Table:
    """What is served. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._served: list[Served] = []

    def add(self, served: Served) -> None:
        """Serve this, too."""
        with self._lock:
            self._served.append(served)

    def clear(self) -> None:
        """Serve nothing."""
        with self._lock:
            self._served.clear()

    def entries(self) -> list[Served]:
        """Everything, the first added first."""
        with self._lock:
            return list(self._served)

    def find(self, request: Request) -> Match | None:
        """The best match: what a test scripted goes before what holds for the run, then the rank decides."""
        found = [
            ((served.standing, *match.rank), match)
            for served in self.entries()
            if (match := served.match(request)) is not None
        ]
        return min(found, key=lambda pair: pair[0])[1] if found else None

    def pending(self) -> list[str]:
        """What was scripted and is still to be asked for."""
        return [entry for served in self.entries() for entry in served.pending()]

    def advice(self, request: Request) -> str:
        """Why nothing takes the request: its route is used up, or others are near."""
        if any(served.spent(request) for served in self.entries()):
            return "all its scripted answers have been given"
        labels = list(dict.fromkeys(label for served in self.entries() for label in served.labels))
        asked = f"{request.method} {request.path}"
        near = difflib.get_close_matches(asked, labels, n=_NEAREST, cutoff=0.0)
        return f"the nearest it serves: {', '.join(near)}" if near else "nothing is scripted"
