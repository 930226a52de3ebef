"""An answer as it was scripted, and as a function of a test returned it."""

from __future__ import annotations

import json as json_module
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from seatrial.errors import FakeError
from seatrial.fakes.http.matching import NOTHING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_FIRST_STATUS = 200
_LAST_STATUS = 599
_PAIR = 2
_BODILESS = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
_KINDS = ("json", "text", "content", "events")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Status, headers and body; the names of the headers in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    pieces: tuple[bytes, ...] = field(default=(), repr=False)
    """The body; several pieces are sent one after another."""
    any_json: bool = False
    """Whether it is JSON whose media type nobody named."""

    @property
    def body(self) -> bytes:
        """The whole body."""
        return b"".join(self.pieces)

    @property
    def media_type(self) -> str:
        """Its type without parameters, such as `application/json`; empty without a body."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


def answer(
    *,
    status: int,
    json: Any = NOTHING,
    text: str | None = None,
    content: bytes | None = None,
    events: Iterable[Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """A checked answer.

    Raises:
        FakeError: the status is none, there are two bodies, or what is to be JSON is not.
    """
    _check_status(status)
    given = [json is not NOTHING, text is not None, content is not None, events is not None]
    if sum(given) > 1 or (any(given) and status in _BODILESS):
        named = " and ".join(name for name, there in zip(_KINDS, given, strict=True) if there)
        at_most = "no body" if status in _BODILESS else "one body"
        raise _wrong(f"An answer with status {status} expects {at_most}, found {named}.")
    kind, pieces = _body(json=json, text=text, content=content, events=events)
    lower = {} if kind is None else {"content-type": kind}
    given_headers: Mapping[Any, Any] = headers or {}
    for name, value in given_headers.items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise _wrong(f"An answer expects headers as strings, found {name!r} of another type.")
        lower[name.lower()] = value
    unnamed = json is not NOTHING and not any(name.lower() == "content-type" for name in given_headers)
    return Answer(status=status, headers=lower, pieces=pieces, any_json=unnamed)


def from_result(result: Any, *, status: int) -> Answer:
    """The answer that a function of a test returned.

    Args:
        result: JSON, `(status, JSON)`, `(status, None)` for no body, or an object with `status_code`,
            `headers` and `content` or `body`.
        status: for a result that has none.

    Raises:
        FakeError: it is none of these.
    """
    if isinstance(result, Answer):
        return result
    if hasattr(result, "status_code"):
        return _from_response(result)
    if isinstance(result, tuple):
        if len(result) != _PAIR:
            raise _wrong(
                f"A function that answers expects to return (status, json), found {len(result)} parts."
            )
        status, result = result
        return answer(status=status) if result is None else answer(status=status, json=result)
    if result is None:
        raise _wrong("A function that answers expects to return an answer, found None.")
    return answer(status=status, json=result)


def _from_response(response: Any) -> Answer:
    body = response.content if hasattr(response, "content") else getattr(response, "body", b"")
    # The server writes these itself, for the body as it is sent.
    dropped = ("content-length", "transfer-encoding", "content-encoding", "connection")
    headers = {name: value for name, value in response.headers.items() if name.lower() not in dropped}
    return answer(status=response.status_code, content=bytes(body) or None, headers=headers)


def _body(
    *, json: Any, text: str | None, content: bytes | None, events: Iterable[Any] | None
) -> tuple[str | None, tuple[bytes, ...]]:
    if json is not NOTHING:
        return "application/json", (encoded(json),)
    if text is not None:
        return "text/plain; charset=utf-8", (text.encode(),)
    if content is not None:
        return "application/octet-stream", (content,)
    if events is not None:
        return "text/event-stream", tuple(_event(event) for event in events)
    return None, ()


def json_value(value: Any) -> Any:
    """The value, if JSON can hold it.

    Raises:
        FakeError: it cannot.
    """
    encoded(value)
    return value


def encoded(value: Any) -> bytes:
    """A value as JSON.

    Raises:
        FakeError: it has no form in JSON.
    """
    try:
        return json_module.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise _wrong(
            f"An answer expects what JSON can hold, found {type(value).__name__}: {error}."
        ) from error


def _event(event: Any) -> bytes:
    data = event if isinstance(event, str) else encoded(event).decode()
    return "".join(f"data: {line}\n" for line in data.split("\n")).encode() + b"\n"


def _check_status(status: Any) -> None:
    whole = isinstance(status, int) and not isinstance(status, bool)
    if not whole or not _FIRST_STATUS <= status <= _LAST_STATUS:
        raise _wrong(f"An answer expects a status from 200 to 599, found {status!r}.")


def _wrong(message: str) -> FakeError:
    return FakeError(
        message,
        code="fakes.route",
        remedy="Give a status and at most one of json=, text=, content= (bytes) and events= "
        "(server-sent events); a function may return JSON or (status, json).",
    )
