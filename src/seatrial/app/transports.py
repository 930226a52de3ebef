"""httpx2 transports that hand requests to the running application, from any thread or event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import httpx2

from seatrial.app.bodies import AsyncBody, SyncBody
from seatrial.app.origin import ORIGIN
from seatrial.app.scope import is_handshake
from seatrial.app.waiters import AsyncWaiter, Deadline, ThreadWaiter, running_loop

if TYPE_CHECKING:
    from collections.abc import Callable

    from seatrial.app.reply import Reply


class Gate(Protocol):
    """What transports need of a running application."""

    suspended: bool

    def guard(self, *, blocking: bool) -> None:
        """Raise if a call from this process and thread could never be answered."""

    def open(self, request: httpx2.Request, body: bytes | None, wake: Callable[[], None]) -> Reply:
        """Prepare a call; a body of None will be fed."""

    def open_websocket(self, request: httpx2.Request, wake: Callable[[], None]) -> Reply:
        """Prepare a websocket handshake."""

    @property
    def streams_uploads(self) -> bool:
        """Whether a request's body can be fed while the application runs."""


def _timeout(request: httpx2.Request, kind: str) -> float | None:
    limits: dict[str, float | None] = request.extensions.get("timeout") or {}
    return limits.get(kind)


def _late(request: httpx2.Request, reply: Reply) -> httpx2.ReadTimeout:
    seconds = _timeout(request, "read")
    return httpx2.ReadTimeout(f"{reply.label} gave no answer within {seconds} s", request=request)


class SyncTransport(httpx2.BaseTransport):
    """For ``httpx2.Client``; may be shared between threads."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request to the application and return as soon as its response has begun.

        Raises:
            httpx2.ReadTimeout: no answer within the client's read timeout.
            httpx2.WriteTimeout: the application took no further part of the body within the write timeout.
            ApplicationError: the call would never be answered (forked process, application's own thread).
        """
        gate = self._gate
        gate.guard(blocking=True)
        waiter = ThreadWaiter()
        if is_handshake(request):
            reply, parts = gate.open_websocket(request, waiter.wake), None
        else:
            body, parts = self._body(request)
            reply = gate.open(request, body, waiter.wake)
        request.extensions[ORIGIN] = reply
        try:
            reply.begin()
            if parts is not None:
                self._upload(reply, parts, waiter, request)
            self._wait(reply, waiter, request)
        except BaseException:
            reply.leave()
            raise
        if "network_stream" in reply.extensions:
            reply.extensions["network_stream"] = reply.extensions["network_stream"].sync(waiter)
        return reply.response(SyncBody(reply, waiter, request, gate))

    def _body(self, request: httpx2.Request) -> tuple[bytes | None, Any]:
        if isinstance(request.stream, httpx2.ByteStream) or not self._gate.streams_uploads:
            return request.read(), None
        return None, request.stream

    def _wait(self, reply: Reply, waiter: ThreadWaiter, request: httpx2.Request) -> None:
        deadline = Deadline(_timeout(request, "read"))
        while not reply.answered:
            if deadline.passed(suspended=self._gate.suspended):
                raise _late(request, reply)
            waiter.wait(deadline.remaining())

    def _upload(self, reply: Reply, parts: Any, waiter: ThreadWaiter, request: httpx2.Request) -> None:
        for part in parts:
            deadline = Deadline(_timeout(request, "write"))
            while not reply.finished and not reply.can_feed():
                if deadline.passed(suspended=self._gate.suspended):
                    raise httpx2.WriteTimeout(f"{reply.label} took no more of the body", request=request)
                waiter.wait(deadline.remaining())
            if reply.finished:
                return
            reply.feed(part, last=False)
        reply.feed(b"", last=True)


class AsyncTransport(httpx2.AsyncBaseTransport):
    """For ``httpx2.AsyncClient``, in asyncio and trio; may be shared between event loops."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request to the application and return as soon as its response has begun.

        Raises:
            httpx2.ReadTimeout: no answer within the client's read timeout.
            httpx2.WriteTimeout: the application took no further part of the body within the write timeout.
            ApplicationError: the call would never be answered (forked process).
        """
        gate = self._gate
        gate.guard(blocking=False)
        waiter = running_loop()
        if waiter is None:
            raise RuntimeError("an asynchronous client needs a running asyncio or trio event loop")
        if is_handshake(request):
            reply, parts = gate.open_websocket(request, waiter.wake), None
        else:
            body, parts = await self._body(request)
            reply = gate.open(request, body, waiter.wake)
        request.extensions[ORIGIN] = reply
        try:
            reply.begin()
            if parts is not None:
                await self._upload(reply, parts, waiter, request)
            await self._wait(reply, waiter, request)
        except BaseException:
            reply.leave()
            raise
        if "network_stream" in reply.extensions:
            reply.extensions["network_stream"] = reply.extensions["network_stream"].asynchronous(waiter)
        return reply.response(AsyncBody(reply, waiter, request, gate))

    async def _body(self, request: httpx2.Request) -> tuple[bytes | None, Any]:
        if isinstance(request.stream, httpx2.ByteStream):
            return request.read(), None
        return (None, request.stream) if self._gate.streams_uploads else (await request.aread(), None)

    async def _wait(self, reply: Reply, waiter: AsyncWaiter, request: httpx2.Request) -> None:
        deadline = Deadline(_timeout(request, "read"))
        while not reply.answered:
            if deadline.passed(suspended=self._gate.suspended):
                raise _late(request, reply)
            await waiter.wait(deadline.remaining())

    async def _upload(self, reply: Reply, parts: Any, waiter: AsyncWaiter, request: httpx2.Request) -> None:
        async for part in parts:
            deadline = Deadline(_timeout(request, "write"))
            while not reply.finished and not reply.can_feed():
                if deadline.passed(suspended=self._gate.suspended):
                    raise httpx2.WriteTimeout(f"{reply.label} took no more of the body", request=request)
                await waiter.wait(deadline.remaining())
            if reply.finished:
                return
            reply.feed(part, last=False)
        reply.feed(b"", last=True)
