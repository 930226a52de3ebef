"""One HTTP call to an ASGI application, seen from the application's side; it behaves as uvicorn does."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

from seatrial.app.origin import CURRENT
from seatrial.app.reply import Reply, nobody

if TYPE_CHECKING:
    from collections.abc import Callable

    from seatrial.app.kinds import AsgiApp, Message
    from seatrial.app.thread import AppThread

# Frameworks send their 500 first and raise afterwards; the exception belongs into the response.
_SECONDS_FOR_EXCEPTION = 0.1
_FIRST_ERROR_STATUS = 500
_UPLOAD_WINDOW = 4


class Exchange(Reply):
    """Request and response of one ASGI call."""

    def __init__(
        self,
        app: AsgiApp,
        scope: dict[str, Any],
        body: bytes | None,
        thread: AppThread,
        wake: Callable[[], None],
    ) -> None:
        super().__init__(f"{scope['method']} {scope['path']}", wake, scope)
        self._app = app
        self._scope = scope
        self._thread = thread
        self._chunks: deque[bytes] = deque()
        self._fed = self._taken = 0
        self._body_fed = self._body_taken = False
        if body is not None:
            self._chunks.append(body)
            self._body_fed = True
        self._drops_body = scope["method"] == "HEAD"
        self._expected: int | None = None
        self._started = self._complete = self._disconnected = False
        self._readers: list[asyncio.Future[None]] = []
        self._room: asyncio.Future[None] | None = None

    # --- the caller's side -------------------------------------------------------------------------------

    def begin(self) -> None:
        """Start the call."""
        self._thread.call(self._begin)

    def feed(self, chunk: bytes, *, last: bool) -> None:
        """Hand over a part of the request's body."""
        self._fed += 1
        self._thread.call(lambda: self._take_in(chunk, last=last))

    def can_feed(self) -> bool:
        """Tell whether the window for unread parts has room."""
        return self._fed - self._taken < _UPLOAD_WINDOW

    def leave(self) -> None:
        """Let the application see a disconnect."""
        self._wake = nobody
        self._thread.call_if_running(self._disconnect)

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
        except asyncio.CancelledError as error:
            self.error = self.error or error
            raise
        except BaseException as error:  # noqa: BLE001 - SystemExit would end the application's loop
            self._thread.failures.record(error, self)
        finally:
            self._ended()

    def _ended(self) -> None:
        if not self._started:
            self._finish_with_error()
        elif not self._complete:
            self._finish(broken=True)
        elif not self.answered:
            self._answer()

    async def _receive(self) -> Message:
        while not self._chunks:
            if self._disconnected or self._complete:
                return {"type": "http.disconnect"}
            if self._body_fed and not self._body_taken:
                break
            await self._news()
        if self._disconnected or self._body_taken:
            return {"type": "http.disconnect"}
        body = self._chunks.popleft() if self._chunks else b""
        self._taken += 1
        self._body_taken = self._body_fed and not self._chunks
        if not self._body_taken:
            self._wake()
        return {"type": "http.request", "body": body, "more_body": not self._body_taken}

    async def _news(self) -> None:
        future: asyncio.Future[None] = self._thread.loop.create_future()
        self._readers.append(future)
        await future

    def _tell_readers(self) -> None:
        readers, self._readers = self._readers, []
        for reader in readers:
            if not reader.done():
                reader.set_result(None)

    def _take_in(self, chunk: bytes, *, last: bool) -> None:
        if chunk:
            self._chunks.append(chunk)
        else:
            self._taken += 1
        self._body_fed = self._body_fed or last
        self._tell_readers()

    def _disconnect(self) -> None:
        self._disconnected = True
        self._tell_readers()
        self._drained()

    def _drained(self) -> None:
        room, self._room = self._room, None
        if room is not None and not room.done():
            room.set_result(None)

    async def _send(self, message: Message) -> None:
        if self._disconnected:
            return
        kind = message["type"]
        if not self._started:
            self._start(kind, message)
        elif self._complete or kind != "http.response.body":
            state = "after the response was complete" if self._complete else "while the body was expected"
            raise RuntimeError(f"Unexpected ASGI message {kind!r} {state}")
        else:
            self._send_body(message.get("body", b""), more=message.get("more_body", False))
            while self._is_full() and not self._disconnected:
                await self._wait_for_room()

    def _start(self, kind: str, message: Message) -> None:
        if kind != "http.response.start":
            raise RuntimeError(f"Expected ASGI message 'http.response.start', got {kind!r}")
        self._started = True
        self.status = message["status"]
        self.headers = [(bytes(name), bytes(value)) for name, value in message.get("headers", ())]
        for name, value in self.headers:
            if name.lower() == b"content-length" and not self._drops_body:
                self._expected = int(value)
        # A body that is complete in this turn of the loop overtakes this call.
        self._thread.loop.call_soon(self._answer_stream)

    def _answer_stream(self) -> None:
        if not self.answered and not self._complete:
            self._answer()

    def _send_body(self, body: bytes, *, more: bool) -> None:
        if body and not self._drops_body:
            self._put(bytes(body))
        if self._expected is not None and self._produced > self._expected:
            raise RuntimeError("Response content longer than Content-Length")
        if not more:
            self._completed()
        elif self.answered:
            self._wake()

    def _completed(self) -> None:
        if self._expected is not None and self._produced < self._expected:
            raise RuntimeError("Response content shorter than Content-Length")
        self._complete = self.finished = True
        self._tell_readers()
        if self.status < _FIRST_ERROR_STATUS or self.answered or self.error is not None:
            self._answer()
        else:
            self._thread.loop.call_later(_SECONDS_FOR_EXCEPTION, self._answer_late)

    def _answer_late(self) -> None:
        if not self.answered:
            self._answer()

    async def _wait_for_room(self) -> None:
        self._room = room = self._thread.loop.create_future()
        # The reader may have emptied the window before it could see that somebody waits.
        if self._is_full():
            await room
