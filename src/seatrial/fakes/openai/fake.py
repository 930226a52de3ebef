"""The face of the OpenAI fake that tests see: script answers and faults, ask what was called."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from seatrial.errors import FakeError
from seatrial.fakes.script import Delay, FaultQueue, refusal

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from seatrial.fakes.journal import Call


class OpenAIFake:
    """A stand-in for OpenAI: chat completions (plain and streamed) and the list of models.

    Without a script it answers with the last user message. Safe to use from any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._replies: deque[str] = deque()
        self._calls: list[Call] = []
        self._unexpected: list[str] = []
        self._faults = FaultQueue()
        self._answered = 0

    def reply(self, *texts: str) -> None:
        """Answer the next chat completions with these texts, one each, in this order.

        Raises:
            FakeError: there is no text, or one is not a string.
        """
        if not texts or not all(isinstance(text, str) for text in texts):
            found = ", ".join(type(text).__name__ for text in texts) or "nothing"
            raise FakeError(
                f"reply() expects one or more strings, found {found}.",
                code="fakes.reply",
                remedy='Give the text of each answer: fakes.openai.reply("first", "second").',
            )
        with self._lock:
            self._replies.extend(texts)

    def fail(self, status: int, *, times: int = 1, retry_after: float | None = None) -> None:
        """Answer the next `times` calls of any route with an error status.

        Args:
            status: 400 to 599.
            times: how many calls; a client that retries makes several.
            retry_after: seconds, sent as the header `Retry-After`.

        Raises:
            FakeError: an argument is out of range.
        """
        self._faults.add(refusal(status, retry_after=retry_after), times=times)

    def delay(self, seconds: float, *, times: int = 1) -> None:
        """Answer the next `times` calls of any route `seconds` late.

        Raises:
            FakeError: `seconds` is negative, or `times` below one.
        """
        if seconds < 0:
            raise FakeError(
                f"delay() expects seconds, zero or more, found {seconds}.",
                code="fakes.delay",
                remedy="Give the pause in seconds, or use hang() for a call that gets no answer.",
            )
        self._faults.add(Delay(seconds=seconds), times=times)

    def hang(self, *, times: int = 1) -> None:
        """Do not answer the next `times` calls of any route until the test is over.

        Raises:
            FakeError: `times` is below one.
        """
        self._faults.add(Delay(seconds=None), times=times)

    def calls(self) -> list[Call]:
        """Every request since the last reset, refused and unexpected ones included."""
        with self._lock:
            return list(self._calls)

    def assert_called(self, *, times: int | None = None) -> None:
        """Fail unless there were `times` requests, or at least one when `times` is None.

        Raises:
            AssertionError: the number differs; the message lists the requests.
        """
        calls = self.calls()
        if len(calls) == times or (times is None and calls):
            return
        expected = "at least one call" if times is None else f"{times} call(s)"
        listed = "".join(f"\n  {call.method} {call.path}" for call in calls)
        raise AssertionError(f"the openai fake expected {expected}, found {len(calls)}{listed}")

    @property
    def unexpected(self) -> tuple[str, ...]:
        """Requests the fake does not know, each as `METHOD /path` or with the feature it lacks."""
        with self._lock:
            return tuple(self._unexpected)

    @property
    def pending(self) -> tuple[str, ...]:
        """What was scripted and not consumed: replies first, then faults."""
        with self._lock:
            replies = [f"reply({text!r})" for text in self._replies]
        return (*replies, *self._faults.pending())

    def reset(self) -> None:
        """Forget calls, replies and faults, and let go of calls that hang."""
        with self._lock:
            self._replies.clear()
            self._calls.clear()
            self._unexpected.clear()
            self._answered = 0
        self._faults.clear()

    def application(self) -> ASGIApp:
        """The ASGI application that serves this fake; needs the extra `fakes`."""
        from seatrial.fakes.openai.routes import build  # noqa: PLC0415 - the extra, and start-up time

        return build(self, faults=self._faults)

    def record(self, call: Call) -> None:
        """Remember a request."""
        with self._lock:
            self._calls.append(call)

    def record_unexpected(self, what: str) -> None:
        """Remember a request that got a 501."""
        with self._lock:
            self._unexpected.append(what)

    def next_answer(self, default: str) -> tuple[int, str]:
        """The number of this answer since the last reset, and its text."""
        with self._lock:
            self._answered += 1
            return self._answered, self._replies.popleft() if self._replies else default

    def __repr__(self) -> str:
        return f"<fake openai: {len(self._calls)} calls, {len(self.pending)} pending>"
