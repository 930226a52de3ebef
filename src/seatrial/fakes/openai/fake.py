"""The face of the OpenAI fake that tests see: script answers and faults, ask what was called."""

from __future__ import annotations

import hmac
import threading
from typing import TYPE_CHECKING, Any

from seatrial.errors import FakeError
from seatrial.fakes.fake import Fake
from seatrial.fakes.openai.refusals import Refused, error_body
from seatrial.fakes.openai.response_store import ResponseStore
from seatrial.fakes.openai.script import (
    Condition,
    Script,
    json_reply,
    refusal_reply,
    text_replies,
    tool_reply,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from seatrial.fakes.request import Handler, Request


class OpenAIFake(Fake):
    """A stand-in for OpenAI: chat completions, responses, completions, embeddings, models.

    Without a script it answers with the last user message. Replies are taken in the order in which requests
    arrive; one with `when` or `model` waits for a request that it is for. Safe to use from any thread.

    Args:
        name: how tests call it.
        options: `api_key`: the only key it accepts; without it any is right.
        root: not used.

    Raises:
        FakeError: an option is unknown or wrong.
    """

    options = ("api_key",)

    def __init__(
        self, name: str = "openai", *, options: Mapping[str, Any] | None = None, root: Path | None = None
    ) -> None:
        super().__init__(name, options=options, root=root)
        self._key = (options or {}).get("api_key")
        if self._key is not None and not (isinstance(self._key, str) and self._key):
            raise FakeError(
                f"The fake {name!r} expects api_key as a text that is not empty.",
                code="fakes.options",
                remedy=f'Write {name} = {{ api_key = "sk-..." }}, or leave it out to accept any key.',
            )
        self.script = Script()
        self.responses = ResponseStore()
        self._lock = threading.Lock()
        self._answered = 0

    def handler(self, request: Request) -> Handler | None:
        """What answers this request; None for a route that the fake does not serve."""
        from seatrial.fakes.openai.routes import find  # noqa: PLC0415 - the extra, and start-up time

        return find(self, request)

    def error_body(self, status: int, message: str) -> Any:
        """An error as OpenAI writes it."""
        return error_body(message, status=status)

    def reply(
        self,
        *texts: str,
        finish_reason: str | None = None,
        when: str | None = None,
        model: str | None = None,
    ) -> None:
        """Answer the next requests with these texts, one each, in this order.

        Args:
            texts: at least one.
            finish_reason: `length` or `content_filter`, for a model that stopped early.
            when: only requests whose last user message contains this.
            model: only requests to this model.

        Raises:
            FakeError: an argument is not what is expected.
        """
        condition = Condition(when=when, model=model)
        self.script.add(text_replies(texts, finish_reason=finish_reason, condition=condition))

    def reply_json(self, value: Any, *, when: str | None = None, model: str | None = None) -> None:
        """Answer the next request with this value as JSON.

        Raises:
            FakeError: JSON cannot hold it.
        """
        self.script.add([json_reply(value, condition=Condition(when=when, model=model))])

    def reply_refusal(self, text: str, *, when: str | None = None, model: str | None = None) -> None:
        """Answer the next request as a model that refuses, with this explanation.

        Raises:
            FakeError: there is none.
        """
        self.script.add([refusal_reply(text, condition=Condition(when=when, model=model))])

    def reply_tool_call(
        self,
        name: str,
        arguments: Mapping[str, Any] | str,
        *,
        text: str | None = None,
        when: str | None = None,
        model: str | None = None,
    ) -> None:
        """Answer the next request with a call of one tool.

        Args:
            name: of a tool that the request offers.
            arguments: checked by the tool's schema; or the text that is sent as it is.
            text: what the model says besides.
            when: only a request whose last user message contains this.
            model: only a request to this model.

        Raises:
            FakeError: an argument is not what is expected.
        """
        self.reply_tool_calls((name, arguments), text=text, when=when, model=model)

    def reply_tool_calls(
        self,
        *calls: tuple[str, Mapping[str, Any] | str],
        text: str | None = None,
        when: str | None = None,
        model: str | None = None,
    ) -> None:
        """Answer the next request with calls of several tools at once, each a name and its arguments.

        Raises:
            FakeError: an argument is not what is expected.
        """
        self.script.add([tool_reply(calls, text=text, condition=Condition(when=when, model=model))])

    def pending_replies(self) -> list[str]:
        """Replies nobody asked for."""
        return self.script.left()

    def forget(self) -> None:
        """Forget replies and stored responses."""
        self.script.clear()
        self.responses.clear()
        with self._lock:
            self._answered = 0

    def next_number(self) -> int:
        """The number of this answer since the last reset; ids are made of it."""
        with self._lock:
            self._answered += 1
            return self._answered

    def check_key(self, request: Request) -> None:
        """Refuse a request without a key, or with a wrong one.

        Raises:
            Refused: the service would answer 401.
        """
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        given = key if scheme.lower() == "bearer" else request.headers.get("api-key", "")
        if not given.strip():
            raise Refused("You didn't provide an API key.", status=401, code="invalid_api_key")
        if self._key is not None and not hmac.compare_digest(given.encode(), self._key.encode()):
            raise Refused("Incorrect API key provided.", status=401, code="invalid_api_key")
