"""One websocket of an ASGI application: frames on the client's side, ASGI messages on the application's.

All of it but the two stream classes runs in the application's thread, so the frame parser needs no lock.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import TYPE_CHECKING, Any

import httpcore2
import wsproto.connection
from wsproto import events
from wsproto.utilities import LocalProtocolError

from seatrial.app.origin import CURRENT
from seatrial.app.reply import Reply
from seatrial.app.scope import websocket_scope
from seatrial.app.waiters import AsyncWaiter, Deadline, ThreadWaiter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx2

    from seatrial.app.kinds import AsgiApp, Message
    from seatrial.app.thread import AppThread

_NORMAL, _NO_CODE, _ABNORMAL, _INTERNAL_ERROR = 1000, 1005, 1006, 1011
_SWITCHING = 101
_FORBIDDEN = 403


class WebSocketExchange(Reply):
    """Handshake and messages of one websocket."""

    def __init__(
        self, app: AsgiApp, scope: dict[str, Any], thread: AppThread, wake: Callable[[], None]
    ) -> None:
        super().__init__(f"WEBSOCKET {scope['path']}", wake, scope)
        self._app = app
        self._scope = scope
        self._thread = thread
        self._frames = wsproto.connection.Connection(wsproto.connection.ConnectionType.SERVER)
        self._inbox: deque[Message] = deque([{"type": "websocket.connect"}])
        self._readers: list[asyncio.Future[None]] = []
        self._room: asyncio.Future[None] | None = None
        self._partial: Any = None
        self._accepted = self._denied = self._closed = self._disconnected = False

    # --- the caller's side -------------------------------------------------------------------------------

    def begin(self) -> None:
        """Start the handshake."""
        self._thread.call(self._begin)

    def leave(self) -> None:
        """Let the application see a disconnect."""
        self._thread.call_if_running(self._client_left)

    def take_in(self, data: bytes) -> None:
        """Hand over bytes of the client."""
        try:
            self._thread.call(lambda: self._parse(data))
        except RuntimeError as error:
            raise httpcore2.WriteError("the application has been stopped") from error

    def _made_room(self) -> None:
        if self._room is not None:
            self._thread.call_if_running(self._drained)

    # --- the application's side --------------------------------------------------------------------------

    def _begin(self) -> None:
        CURRENT.set(self)
        self.task = self._thread.loop.create_task(self._run())

    async def _run(self) -> None:
        try:
            await self._app(self._scope, self._receive, self._send)
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 - SystemExit would end the application's loop
            self._thread.failures.record(error, self)
        finally:
            self._ended()

    def _ended(self) -> None:
        if not self.answered:
            self._finish_with_error()
        elif not self.finished:
            self._close(_NORMAL if self.error is None else _INTERNAL_ERROR, "")

    async def _receive(self) -> Message:
        while not self._inbox:
            if self._disconnected or self._closed:
                return {"type": "websocket.disconnect", "code": _ABNORMAL, "reason": ""}
            future: asyncio.Future[None] = self._thread.loop.create_future()
            self._readers.append(future)
            await future
        return self._inbox.popleft()

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        if self._disconnected:
            raise OSError("the client has disconnected")
        if not self._accepted:
            self._send_handshake(kind, message)
        elif self._closed:
            raise RuntimeError(f"Unexpected ASGI message {kind!r} after the websocket was closed")
        elif kind == "websocket.send":
            await self._send_data(message)
        elif kind == "websocket.close":
            self._close(message.get("code", _NORMAL), message.get("reason") or "")
        else:
            raise RuntimeError(f"Expected ASGI message 'websocket.send' or 'websocket.close', got {kind!r}")

    def _send_handshake(self, kind: str, message: Message) -> None:
        if kind == "websocket.accept":
            self._accept(message)
        elif kind == "websocket.close":
            self.status, self.headers = _FORBIDDEN, [(b"content-length", b"0")]
            self._finish()
            self._closed = True
        elif kind == "websocket.http.response.start":
            self.status, self.headers, self._denied = (
                message["status"],
                list(message.get("headers", ())),
                True,
            )
        elif kind == "websocket.http.response.body" and self._denied:
            self._put(message.get("body", b""))
            if not message.get("more_body", False):
                self._finish()
                self._closed = True
        else:
            raise RuntimeError(
                f"Expected an ASGI message that accepts or refuses the websocket, got {kind!r}"
            )

    def _accept(self, message: Message) -> None:
        self._accepted = True
        self.status = _SWITCHING
        headers = [(b"upgrade", b"websocket"), (b"connection", b"Upgrade"), *message.get("headers", ())]
        if subprotocol := message.get("subprotocol"):
            headers.append((b"sec-websocket-protocol", subprotocol.encode()))
        self.headers = headers
        self.extensions["network_stream"] = _Streams(self)
        self._answer()

    async def _send_data(self, message: Message) -> None:
        text = message.get("text")
        event = (
            events.TextMessage(text) if text is not None else events.BytesMessage(message.get("bytes") or b"")
        )
        self._emit(event)
        while self._is_full() and not self._disconnected:
            self._room = room = self._thread.loop.create_future()
            if self._is_full():
                await room

    def _emit(self, event: events.Event) -> None:
        self._put(self._frames.send(event))
        self._wake()

    def _close(self, code: int, reason: str) -> None:
        self._closed = True
        if not self.finished:
            with contextlib.suppress(LocalProtocolError):  # the client closed first and has its answer
                self._emit(events.CloseConnection(code, reason))
            self._finish()

    def _parse(self, data: bytes) -> None:
        if self._disconnected or self.finished:
            return
        self._frames.receive_data(data)
        for event in self._frames.events():
            self._react(event)

    def _react(self, event: events.Event) -> None:
        if isinstance(event, events.Ping):
            self._emit(event.response())
        elif isinstance(event, events.CloseConnection):
            if self._frames.state is wsproto.connection.ConnectionState.REMOTE_CLOSING:
                self._emit(event.response())
            self._disconnect(event.code, event.reason or "")
        elif isinstance(event, events.Message):
            self._collect(event)

    def _collect(self, event: events.Message[Any]) -> None:
        self._partial = event.data if self._partial is None else self._partial + event.data
        if event.message_finished:
            kind = "text" if isinstance(self._partial, str) else "bytes"
            whole = self._partial if kind == "text" else bytes(self._partial)
            self._partial = None
            self._deliver({"type": "websocket.receive", kind: whole})

    def _client_left(self) -> None:
        self._disconnect(_ABNORMAL, "")

    def _disconnect(self, code: int, reason: str) -> None:
        if self._disconnected:
            return
        self._disconnected = True
        self._deliver({"type": "websocket.disconnect", "code": code or _NO_CODE, "reason": reason})
        self._drained()
        if not self.finished:
            self._finish()

    def _deliver(self, message: Message) -> None:
        self._inbox.append(message)
        readers, self._readers = self._readers, []
        for reader in readers:
            if not reader.done():
                reader.set_result(None)

    def _drained(self) -> None:
        room, self._room = self._room, None
        if room is not None and not room.done():
            room.set_result(None)


class _Streams:
    """Chooses the stream that suits whoever made the handshake."""

    def __init__(self, exchange: WebSocketExchange) -> None:
        self._exchange = exchange

    def sync(self, waiter: ThreadWaiter) -> SyncStream:
        return SyncStream(self._exchange, waiter)

    def asynchronous(self, waiter: AsyncWaiter) -> AsyncStream:
        return AsyncStream(self._exchange, waiter)


class SyncStream(httpcore2.NetworkStream):
    """The client's end of a websocket, for threads."""

    def __init__(self, exchange: WebSocketExchange, waiter: ThreadWaiter) -> None:
        self._exchange = exchange
        self._waiter = waiter

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - frames come whole
        """Return some bytes of frames, or nothing once the websocket has ended."""
        deadline = Deadline(timeout)
        while True:
            finished = self._exchange.finished
            if part := self._exchange.read_part():
                return part
            if finished:
                return b""
            if deadline.passed(suspended=False):
                raise httpcore2.ReadTimeout
            self._waiter.wait(deadline.remaining())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - never waits
        """Hand over bytes of frames."""
        self._exchange.take_in(buffer)

    def close(self) -> None:
        """Let the application see that the client has gone."""
        self._exchange.leave()


class AsyncStream(httpcore2.AsyncNetworkStream):
    """The client's end of a websocket, for tasks."""

    def __init__(self, exchange: WebSocketExchange, waiter: AsyncWaiter) -> None:
        self._exchange = exchange
        self._waiter = waiter

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002, ASYNC109 - httpcore2's signature
        """Return some bytes of frames, or nothing once the websocket has ended."""
        deadline = Deadline(timeout)
        while True:
            finished = self._exchange.finished
            if part := self._exchange.read_part():
                return part
            if finished:
                return b""
            if deadline.passed(suspended=False):
                raise httpcore2.ReadTimeout
            await self._waiter.wait(deadline.remaining())

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109 - httpcore2's signature
        """Hand over bytes of frames."""
        self._exchange.take_in(buffer)

    async def aclose(self) -> None:
        """Let the application see that the client has gone."""
        self._exchange.leave()


def open_websocket(
    app: AsgiApp,
    request: httpx2.Request,
    state: Mapping[str, Any],
    thread: AppThread,
    wake: Callable[[], None],
) -> WebSocketExchange:
    """Prepare a handshake."""
    return WebSocketExchange(app, websocket_scope(request, state), thread, wake)
