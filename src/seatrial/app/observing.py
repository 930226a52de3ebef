"""Transports that tell a ledger of every exchange that goes through them."""

from __future__ import annotations

import re
import threading
import time
from typing import TYPE_CHECKING

import httpx2

from seatrial.app.clients import IDENTITY
from seatrial.app.origin import CURRENT, ORIGIN, Origin
from seatrial.app.routes import route_of
from seatrial.ledger.recorder import Answer, Call, Sender

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, MutableSequence

    from seatrial.ledger.recorder import Recorder

_KEPT = 32_768
"""Bytes of an answer that are kept for the ledger, which shows fewer of them."""
_CREDENTIAL = re.compile(r"authorization|cookie|token|secret|session|csrf|(?:^|[-_])key$|api[-_]?key")
_SWITCHING = 101
_OUR_THREADS = "seatrial-"


def sender() -> Sender:
    """Who sends statements in the running thread and context.

    A thread that the application started by itself, without its context, is taken for the test's.
    """
    origin = CURRENT.get()
    if origin is not None:
        return Sender("application", origin.number) if origin.scope is not None else Sender("test")
    return Sender("application" if threading.current_thread().name.startswith(_OUR_THREADS) else "test")


class Exchanges:
    """Makes transports that observe.

    Args:
        recorder: what is told.
        arrivals: the latest requests that came to the application over a socket.
    """

    def __init__(self, recorder: Recorder, arrivals: Callable[[], MutableSequence[Origin]]) -> None:
        self._recorder = recorder
        self._arrivals = arrivals

    def sync(self, transport: httpx2.BaseTransport, *, keeps_bodies: bool = True) -> httpx2.BaseTransport:
        """The same transport, observed; `keeps_bodies` is False where requests are credentials as a whole."""
        return _Sync(transport, lambda request: self._begin(request, keeps_bodies=keeps_bodies))

    def asynchronous(self, transport: httpx2.AsyncBaseTransport) -> httpx2.AsyncBaseTransport:
        """The same transport, observed."""
        return _Async(transport, lambda request: self._begin(request, keeps_bodies=True))

    def _begin(self, request: httpx2.Request, *, keeps_bodies: bool) -> _Reading:
        return _Reading(self._recorder, request, lambda: self._origin(request), keeps_bodies=keeps_bodies)

    def _origin(self, request: httpx2.Request) -> Origin | None:
        """What the application has of a request: in process it is known, on a socket it looks like it."""
        origin = request.extensions.get(ORIGIN)
        if origin is not None:
            return origin if isinstance(origin, Origin) else None
        arrivals, label = self._arrivals(), f"{request.method} {request.url.path}"
        for arrived in list(arrivals):
            if arrived.label == label:
                arrivals.remove(arrived)
                return arrived
        return None


class _Reading:
    """One exchange, from its request to the end of its answer."""

    def __init__(
        self,
        recorder: Recorder,
        request: httpx2.Request,
        origin: Callable[[], Origin | None],
        *,
        keeps_bodies: bool,
    ) -> None:
        self._recorder = recorder
        self._origin = origin
        self._call = _call(request, keeps_body=keeps_bodies)
        self._began = time.perf_counter()
        self._response: httpx2.Response | None = None
        self._body = bytearray()
        self._size = 0
        self._over = False
        self.error: str | None = None

    def opened(self, response: httpx2.Response) -> None:
        """The answer has begun."""
        self._response = response
        self._recorder.opened(id(self), self.finish)

    def take(self, part: bytes) -> None:
        """A part of the answer's body was read."""
        self._size += len(part)
        if len(self._body) < _KEPT:
            self._body += part

    def failed(self, error: BaseException) -> None:
        """Nothing more will come."""
        self.error = type(error).__name__

    def finish(self) -> None:
        """Record the exchange, once."""
        if self._over:
            return
        self._over = True
        self._recorder.finished(id(self))
        origin = self._origin()
        self._recorder.exchange(
            self._call,
            self._answer(),
            number=origin.number if origin is not None else None,
            route=_route(origin),
            began=self._began,
        )

    def _answer(self) -> Answer:
        response = self._response
        if response is None:
            return Answer(status=None, error=self.error)
        return Answer(
            status=response.status_code,
            content_type=_media_type(response.headers),
            body=bytes(self._body) if self._call.keeps_body else b"",
            size=self._size,
            plain="content-encoding" not in response.headers,
            error=self.error,
        )


class _SyncStream(httpx2.SyncByteStream):
    def __init__(self, stream: httpx2.SyncByteStream, reading: _Reading) -> None:
        self._stream = stream
        self._reading = reading

    def __iter__(self) -> Iterator[bytes]:
        try:
            for part in self._stream:
                self._reading.take(part)
                yield part
        except Exception as error:
            self._reading.failed(error)
            raise

    def close(self) -> None:
        try:
            self._stream.close()
        finally:
            self._reading.finish()


class _AsyncStream(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream, reading: _Reading) -> None:
        self._stream = stream
        self._reading = reading

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._stream:
                self._reading.take(part)
                yield part
        except Exception as error:
            self._reading.failed(error)
            raise

    async def aclose(self) -> None:
        try:
            await self._stream.aclose()
        finally:
            self._reading.finish()


class _Sync(httpx2.BaseTransport):
    def __init__(self, transport: httpx2.BaseTransport, begin: Callable[[httpx2.Request], _Reading]) -> None:
        self._transport = transport
        self._begin = begin

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        reading = self._begin(request)
        try:
            response = self._transport.handle_request(request)
        except BaseException as error:
            reading.failed(error)
            reading.finish()
            raise
        reading.opened(response)
        if response.status_code == _SWITCHING:
            reading.finish()
        else:
            assert isinstance(response.stream, httpx2.SyncByteStream)
            response.stream = _SyncStream(response.stream, reading)
        return response

    def close(self) -> None:
        self._transport.close()


class _Async(httpx2.AsyncBaseTransport):
    def __init__(
        self, transport: httpx2.AsyncBaseTransport, begin: Callable[[httpx2.Request], _Reading]
    ) -> None:
        self._transport = transport
        self._begin = begin

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        reading = self._begin(request)
        try:
            response = await self._transport.handle_async_request(request)
        except BaseException as error:
            reading.failed(error)
            reading.finish()
            raise
        reading.opened(response)
        if response.status_code == _SWITCHING:
            reading.finish()
        else:
            assert isinstance(response.stream, httpx2.AsyncByteStream)
            response.stream = _AsyncStream(response.stream, reading)
        return response

    async def aclose(self) -> None:
        await self._transport.aclose()


def _call(request: httpx2.Request, *, keeps_body: bool) -> Call:
    whole = isinstance(request.stream, httpx2.ByteStream)
    # One that was streamed can be read once, and that is the application's.
    return Call(
        method=request.method,
        path=request.url.path,
        query=request.url.query.decode("ascii", "replace"),
        content_type=_media_type(request.headers),
        credentials=tuple(
            sorted({name.lower() for name in request.headers if _CREDENTIAL.search(name.lower())})
        ),
        body=request.read() if whole else None,
        identity=request.extensions.get(IDENTITY),
        keeps_body=keeps_body,
    )


def _route(origin: Origin | None) -> str | None:
    if origin is None or origin.scope is None:
        return None
    return origin.route or route_of(origin.scope)


def _media_type(headers: httpx2.Headers) -> str:
    return str(headers.get("content-type", "")).partition(";")[0].strip().lower()
