"""What a fake was asked and what it answered, in order: every attempt, and the calls they belong to."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import Any

from seatrial.fakes.secrecy import Headers

# What clients try again: RFC 9110, section 15, and the habits of the SDKs.
_RETRIED = frozenset({408, 409, 425, 429})
_SERVER_ERROR = 500
_RETRY_COUNT = "x-stainless-retry-count"


@dataclass(kw_only=True, repr=False)
class Attempt:
    """One HTTP request that reached a fake, and what became of it."""

    method: str
    path: str
    query: dict[str, list[str]] = field(default_factory=dict)
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    status: int | None = None
    """The status that was sent; None: none was, or not yet."""
    sent: bytearray = field(default_factory=bytearray)
    """Grows while the answer is sent."""
    seconds: float | None = None
    """From the request's arrival to the end of the answer; None while it is being answered."""
    fault: str | None = None
    """The scripted fault that struck it, as it was written."""
    broken: bool = False
    """Whether the connection ended before the answer did, whoever ended it."""

    @property
    def answer(self) -> bytes:
        """The body that was sent, as far as it was."""
        return bytes(self.sent)

    @property
    def json(self) -> Any:
        """The decoded body, or None when there was none or it was not JSON."""
        return _decoded(self.body)

    @property
    def answer_json(self) -> Any:
        """The decoded body of the answer, or None when there was none or it was not JSON."""
        return _decoded(self.answer)

    @property
    def failed(self) -> bool:
        """Whether a client may be expected to try it again."""
        status = self.status or 0
        return self.broken or status in _RETRIED or status >= _SERVER_ERROR

    def __repr__(self) -> str:
        # Bodies may hold what must not be printed; who asks for them gets them.
        became = "no answer" if self.status is None else str(self.status)
        struck = f", struck by {self.fault}" if self.fault else ""
        return f"<{self.method} {self.path} -> {became}{struck}>"


class Call:
    """What the application meant as one call: one attempt, or several when its client tried again.

    Attributes:
        attempts: at least one, in order.
    """

    def __init__(self, attempts: list[Attempt]) -> None:
        self.attempts = tuple(attempts)

    @property
    def method(self) -> str:
        """`GET`, `POST`, ..."""
        return self.attempts[0].method

    @property
    def path(self) -> str:
        """The path, decoded, without the query."""
        return self.attempts[0].path

    @property
    def query(self) -> dict[str, list[str]]:
        """The parameters of the query, each with all its values."""
        return self.attempts[0].query

    @property
    def headers(self) -> Headers:
        """The headers of the first attempt; credentials read `***`, see `Headers.carries`."""
        return self.attempts[0].headers

    @property
    def body(self) -> bytes:
        """The body as it was sent."""
        return self.attempts[0].body

    @property
    def json(self) -> Any:
        """The decoded body, or None when there was none or it was not JSON."""
        return self.attempts[0].json

    @property
    def status(self) -> int | None:
        """The status that the last attempt got; None without one."""
        return self.attempts[-1].status

    @property
    def answer(self) -> bytes:
        """The body that the last attempt got."""
        return self.attempts[-1].answer

    @property
    def answer_json(self) -> Any:
        """The decoded body that the last attempt got, or None when it was not JSON."""
        return self.attempts[-1].answer_json

    def __repr__(self) -> str:
        times = f" in {len(self.attempts)} attempts" if len(self.attempts) > 1 else ""
        return f"{self.attempts[-1]!r}{times}"


class Journal:
    """Every attempt since the last reset. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._attempts: list[Attempt] = []

    def add(self, attempt: Attempt) -> None:
        """Remember an attempt; it is filled in while it is answered."""
        with self._lock:
            self._attempts.append(attempt)

    def attempts(self) -> list[Attempt]:
        """Every HTTP request, in the order of arrival."""
        with self._lock:
            return list(self._attempts)

    def calls(self) -> list[Call]:
        """The attempts, those of one call together, in the order of each call's first attempt.

        A request belongs to the call before it when it repeats, byte for byte, a request that failed: the
        connection broke, or the status was one that clients try again. OpenAI's clients say themselves
        which requests are repetitions.
        """
        calls: list[list[Attempt]] = []
        alike: dict[tuple[object, ...], list[list[Attempt]]] = {}
        for attempt in self.attempts():
            earlier = alike.setdefault(_content(attempt), [])
            repeated = (
                None if _is_first(attempt) else next((c for c in reversed(earlier) if c[-1].failed), None)
            )
            if repeated is None:
                repeated = []
                earlier.append(repeated)
                calls.append(repeated)
            repeated.append(attempt)
        return [Call(attempts) for attempts in calls]

    def clear(self) -> None:
        """Forget every attempt."""
        with self._lock:
            self._attempts.clear()


def _is_first(attempt: Attempt) -> bool:
    """Whether the client says that this is no repetition."""
    return attempt.headers.get(_RETRY_COUNT) == "0"


def _content(attempt: Attempt) -> tuple[object, ...]:
    query = tuple(sorted((name, tuple(values)) for name, values in attempt.query.items()))
    return attempt.method, attempt.path, query, attempt.body


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None
