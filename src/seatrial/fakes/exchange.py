"""One request to a fake, from its arrival to the end of its answer: journal, fault, handler."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qs

from starlette.responses import HTMLResponse, JSONResponse, Response

from seatrial.config.secrets import redact
from seatrial.fakes.faults import Cut, Delay, Page, Refusal, Slowness
from seatrial.fakes.journal import Attempt
from seatrial.fakes.request import Request, Unserved, shown
from seatrial.fakes.wire import WIRE, Wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from seatrial.fakes.fake import Fake
    from seatrial.fakes.faults import Fault

_NOT_IMPLEMENTED = 501
_CRASHED = 500


class _Cut(Exception):  # noqa: N818 - no error: the scripted end of the connection
    """The connection was ended on purpose."""


def serve(fake: Fake) -> ASGIApp:
    """The ASGI application of a fake."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        request = await _read(scope, receive)
        attempt = _note(request)
        fake.journal.add(attempt)
        wire = cast("Wire", scope["state"][WIRE])
        wire.attempt = attempt
        started = time.perf_counter()
        try:
            await _answer(fake, request, attempt, wire)(scope, receive, send)
        except _Cut:
            attempt.broken = True
        finally:
            attempt.seconds = time.perf_counter() - started

    return application


async def _read(scope: Scope, receive: Receive) -> Request:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    return Request(
        method=scope["method"],
        path=scope["path"],
        query=parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True),
        headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
        body=bytes(body),
        target=_target(scope),
        https=scope["scheme"] == "https",
    )


def _target(scope: Scope) -> bytes:
    path, query = scope.get("raw_path") or scope["path"].encode(), scope["query_string"]
    return bytes(path + b"?" + query if query else path)


def _note(request: Request) -> Attempt:
    return Attempt(
        method=request.method,
        path=request.path,
        query=dict(request.query),
        headers=shown(request),
        body=request.body,
    )


def _answer(fake: Fake, request: Request, attempt: Attempt, wire: Wire) -> ASGIApp:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        handler = fake.handler(request)
        # Only routes that the fake knows are struck: an unknown one is always told.
        fault = fake.take_fault(request) if handler is not None else None
        attempt.fault = str(fault) if fault is not None else None
        sending = _Sending(send, attempt=attempt, wire=wire, fault=fault, note=fake.note_problem)
        response = await _struck(fake, fault, wire)
        if response is None:
            response = await _handled(fake, request, handler)
        await response(scope, receive, sending)

    return answer


async def _handled(fake: Fake, request: Request, handler: Any) -> Response:
    if handler is None:
        return _unserved(fake, fake.unserved(request))
    try:
        response = await handler(request)
    except Unserved as unserved:
        return _unserved(fake, unserved.what)
    except Exception as error:  # noqa: BLE001 - a route that a test wrote may raise: the test is told
        what = f"its answer to {request.method} {request.path} raised {error!r}"
        fake.note_problem(redact(what))
        return JSONResponse(fake.error_body(_CRASHED, "the fake could not answer"), _CRASHED)
    return cast("Response", response)


def _unserved(fake: Fake, what: str) -> Response:
    fake.note_unexpected(what)
    message = f"the fake {fake.name} does not serve {what}"
    # Clients of OpenAI would try again, twice and with pauses; others do not know the header.
    once = {"x-should-retry": "false"}
    return JSONResponse(fake.error_body(_NOT_IMPLEMENTED, message), _NOT_IMPLEMENTED, once)


async def _struck(fake: Fake, fault: Fault | None, wire: Wire) -> Response | None:
    match fault:
        case Refusal(status=status, retry_after=retry_after):
            headers = {} if retry_after is None else {"retry-after": f"{retry_after:g}"}
            return JSONResponse(fake.error_body(status, f"scripted failure {status}"), status, headers)
        case Page(status=status, html=html):
            return HTMLResponse(html, status)
        case Delay(seconds=None):
            await fake.faults.hold()
            return JSONResponse(fake.error_body(503, "the test is over"), 503)
        case Delay(seconds=float() | int() as seconds):
            await asyncio.sleep(seconds)
        case Cut(after=None, reset=reset):
            await _end(wire, reset=reset)
    return None


async def _end(wire: Wire, *, reset: bool) -> None:
    await (wire.reset() if reset else wire.drop())
    raise _Cut


class _Sending:
    """Sends an answer, remembers it, and lets a fault end or slow it."""

    def __init__(
        self, send: Send, *, attempt: Attempt, wire: Wire, fault: Fault | None, note: Callable[[str], None]
    ) -> None:
        self._send = send
        self._note = note
        self._attempt = attempt
        self._wire = wire
        self._fault = fault

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._attempt.status = message["status"]
            await self._send(message)
            return
        body = message.get("body", b"")
        more = message.get("more_body", False)
        if isinstance(self._fault, Cut) and self._fault.after is not None:
            await self._send_until_cut(body, self._fault, more=more)
        elif isinstance(self._fault, Slowness) and body:
            await self._send_slowly(body, self._fault, more=more)
        else:
            await self._send_part(body, more=more)

    async def _send_part(self, body: bytes, *, more: bool) -> None:
        self._attempt.sent += body
        await self._send({"type": "http.response.body", "body": body, "more_body": more})
        if more:
            # A stream that never waits would keep the loop from seeing that its client has gone.
            await asyncio.sleep(0)

    async def _send_until_cut(self, body: bytes, fault: Cut, *, more: bool) -> None:
        left = (fault.after or 0) - len(self._attempt.sent)
        if len(body) > left:
            await self._send_part(body[:left], more=True)
            await _end(self._wire, reset=fault.reset)
        await self._send_part(body, more=more)
        if not more:
            self._note(
                f"its answer was over before the scripted {fault}: it has {len(self._attempt.sent)} bytes"
            )

    async def _send_slowly(self, body: bytes, fault: Slowness, *, more: bool) -> None:
        # Ten pieces a second: slow for the client, and soon over when the client has gone.
        size = max(1, round(fault.bytes_per_second / 10))
        for start in range(0, len(body), size):
            piece = body[start : start + size]
            await self._send_part(piece, more=True)
            await asyncio.sleep(len(piece) / fault.bytes_per_second)
            if self._wire.gone.is_set():
                return
        if not more:
            await self._send_part(b"", more=False)
