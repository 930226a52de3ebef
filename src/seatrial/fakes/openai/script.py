"""What tests have scripted: replies, taken in the order of arrival by the requests they are meant for."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from seatrial.errors import FakeError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Early = Literal["length", "content_filter"]
_EARLY = ("length", "content_filter")


@dataclass(frozen=True, kw_only=True)
class ScriptedCall:
    """A function the model wants to be called.

    Arguments that a test gave as text are sent as they are, broken JSON included, and not checked.
    """

    name: str
    arguments: str
    checked: bool


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One scripted answer of the model: a text, tool calls, or a refusal."""

    written: str
    """How the test wrote it, for messages."""
    text: str | None = None
    calls: tuple[ScriptedCall, ...] = ()
    refusal: str | None = None
    early: Early | None = None
    """Why the model stopped before its end, if it did."""
    when: str | None = None
    """Only for a request whose last user message contains this."""
    model: str | None = None
    """Only for a request to this model."""

    def is_for(self, *, text: str, model: str) -> bool:
        """Whether a request to `model` whose last user message is `text` may take it."""
        return (self.when is None or self.when in text) and self.model in (None, model)


@dataclass(frozen=True, kw_only=True)
class Condition:
    """Which requests a reply is for.

    Raises:
        FakeError: one of them is no text.
    """

    when: str | None = None
    model: str | None = None

    def __post_init__(self) -> None:
        given: dict[str, Any] = vars(self)
        for name, value in given.items():
            if value is not None and not (isinstance(value, str) and value):
                raise _wrong(f"{name} as a text", value)


@dataclass(frozen=True)
class Script:
    """The replies that wait for their requests. Safe to use from any thread."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _replies: list[Reply] = field(default_factory=list)

    def add(self, replies: Sequence[Reply]) -> None:
        """Append replies."""
        with self._lock:
            self._replies.extend(replies)

    def take(self, *, text: str, model: str) -> Reply | None:
        """The first reply that is for this request; None without one."""
        with self._lock:
            for index, reply in enumerate(self._replies):
                if reply.is_for(text=text, model=model):
                    return self._replies.pop(index)
        return None

    def left(self) -> list[str]:
        """The replies nobody asked for, as they were written."""
        with self._lock:
            return [reply.written for reply in self._replies]

    def clear(self) -> None:
        """Forget the replies."""
        with self._lock:
            self._replies.clear()


def text_replies(texts: Sequence[str], *, finish_reason: str | None, condition: Condition) -> list[Reply]:
    """Checked replies of plain text.

    Raises:
        FakeError: there is no text, one is not a string, or the reason is none the service gives early.
    """
    if not texts or not all(isinstance(text, str) for text in texts):
        found = ", ".join(type(text).__name__ for text in texts) or "nothing"
        raise FakeError(
            f"reply() expects one or more strings, found {found}.",
            code="fakes.reply",
            remedy='Give the text of each answer: fakes.openai.reply("first", "second").',
        )
    if finish_reason not in (None, *_EARLY):
        raise _wrong("finish_reason 'length' or 'content_filter', or none", finish_reason)
    early: Any = finish_reason
    return [Reply(written=f"reply({text!r})", text=text, early=early, **vars(condition)) for text in texts]


def json_reply(value: Any, *, condition: Condition) -> Reply:
    """A reply of JSON.

    Raises:
        FakeError: `value` has no form in JSON.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise _wrong("what JSON can hold", value) from error
    return Reply(written=f"reply_json({value!r})", text=text, **vars(condition))


def refusal_reply(text: Any, *, condition: Condition) -> Reply:
    """A reply of a model that refuses.

    Raises:
        FakeError: `text` is no text.
    """
    if not (isinstance(text, str) and text):
        raise _wrong("the text of the refusal", text)
    return Reply(written=f"reply_refusal({text!r})", refusal=text, **vars(condition))


def tool_reply(
    calls: Sequence[tuple[str, Mapping[str, Any] | str]], *, text: str | None, condition: Condition
) -> Reply:
    """A reply that calls tools, all at once.

    Raises:
        FakeError: there is no call, or one is not a name with its arguments.
    """
    if not calls:
        raise _wrong("at least one call", "none")
    if text is not None and not isinstance(text, str):
        raise _wrong("text as a string", text)
    written = ", ".join(f"{name}({arguments!r})" for name, arguments in map(_pair, calls))
    return Reply(
        written=f"a call of {written}",
        text=text,
        calls=tuple(_call(*_pair(call)) for call in calls),
        **vars(condition),
    )


def _pair(call: Any) -> tuple[str, Any]:
    if isinstance(call, tuple) and len(call) == 2 and isinstance(call[0], str) and call[0]:  # noqa: PLR2004 - a pair
        return call
    raise _wrong('each call as ("name", {arguments})', call)


def _call(name: str, arguments: Any) -> ScriptedCall:
    if isinstance(arguments, str):
        return ScriptedCall(name=name, arguments=arguments, checked=False)
    if not isinstance(arguments, dict):
        raise _wrong(f"the arguments of {name} as a dictionary, or as the text that is sent", arguments)
    try:
        return ScriptedCall(name=name, arguments=json.dumps(arguments, allow_nan=False), checked=True)
    except (TypeError, ValueError) as error:
        raise _wrong(f"arguments of {name} that JSON can hold", arguments) from error


def _wrong(expected: str, found: object) -> FakeError:
    return FakeError(
        f"A scripted reply expects {expected}, found {found!r}.",
        code="fakes.reply",
        remedy='See the guide, "Fakes"; for instance fakes.openai.reply_tool_call("name", {"city": "Oslo"}).',
    )
