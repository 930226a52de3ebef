"""The face of the OpenAI fake that tests see: script answers and faults, ask what was called."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Any

from seatrial.errors import FakeError
from seatrial.fakes.fake import Fake
from seatrial.fakes.openai import wire

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from seatrial.fakes.request import Handler, Request


class OpenAIFake(Fake):
    """A stand-in for OpenAI: chat completions (plain and streamed) and the list of models.

    Without a script it answers with the last user message. Safe to use from any thread.
    """

    def __init__(
        self, name: str = "openai", *, options: Mapping[str, Any] | None = None, root: Path | None = None
    ) -> None:
        super().__init__(name, options=options, root=root)
        self._lock = threading.Lock()
        self._replies: deque[str] = deque()
        self._answered = 0

    def handler(self, request: Request) -> Handler | None:
        """What answers this request; None for a route that the fake does not serve."""
        from seatrial.fakes.openai.routes import find  # noqa: PLC0415 - the extra, and start-up time

        return find(self, request)

    def error_body(self, status: int, message: str) -> Any:
        """An error as OpenAI writes it."""
        return wire.error(message, status=status)

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

    def pending_replies(self) -> list[str]:
        """Replies nobody asked for."""
        with self._lock:
            return [f"reply({text!r})" for text in self._replies]

    def forget(self) -> None:
        """Forget the replies."""
        with self._lock:
            self._replies.clear()
            self._answered = 0

    def next_answer(self, default: str) -> tuple[int, str]:
        """The number of this answer since the last reset, and its text."""
        with self._lock:
            self._answered += 1
            return self._answered, self._replies.popleft() if self._replies else default
