"""The responses that can be retrieved and continued, until the next reset."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seatrial.fakes.openai.response_items import Item


@dataclass(frozen=True, kw_only=True)
class Stored:
    """One response."""

    body: dict[str, Any]
    given: list[Item]
    """The input of its own request."""
    context: list[Item]
    """Everything that was said until its end, without instructions."""


class ResponseStore:
    """Responses by id. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stored: dict[str, Stored] = {}

    def add(self, stored: Stored) -> None:
        """Keep a response."""
        with self._lock:
            self._stored[stored.body["id"]] = stored

    def find(self, response_id: str) -> Stored | None:
        """The response with this id."""
        with self._lock:
            return self._stored.get(response_id)

    def remove(self, response_id: str) -> Stored | None:
        """Forget the response with this id; what it was."""
        with self._lock:
            return self._stored.pop(response_id, None)

    def clear(self) -> None:
        """Forget every response."""
        with self._lock:
            self._stored.clear()
