"""Passing a request on to the real service, and its answer back as it arrives; nothing of it is kept."""

from __future__ import annotations

import asyncio
import contextlib
from contextvars import ContextVar
from typing import TYPE_CHECKING, cast

import httpx2
from starlette.responses import JSONResponse, Response

from seatrial.fakes.wire import WIRE, Wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Receive, Scope, Send

    from seatrial.fakes.request import Request

PASSING_ON: ContextVar[bool] = ContextVar("seatrial_passing_on", default=False)
"""Set where this process connects to a real service on purpose."""

_BAD_GATEWAY = 502
_TIMES = httpx2.Timeout(None, connect=10.0)
"""Seconds. How long an answer may take is for the application's client to say."""
_OF_ONE_CONNECTION = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""RFC 9110, section 7.6.1: meant for the next hop only."""
_NOT_ASKED = _OF_ONE_CONNECTION | {"host", "accept-encoding", "expect"}


class RealService:
    """The service behind a live fake.

    Args:
        url: where it is, without a slash at the end.
        on_failure: told why a call could not be passed on.
    """

    def __init__(self, url: str, *, on_failure: Callable[[str], None]) -> None:
        self._url = httpx2.URL(url)
        self._prefix = self._url.raw_path.rstrip(b"/")
        self._on_failure = on_failure
        self._client: httpx2.AsyncClient | None = None

    async def pass_on(self, request: Request) -> Response:
        """The answer to this request; the call is made when the answer is sent."""
        return _Passing(self, request)

    async def send(self, request: Request) -> httpx2.Response:
        """Ask the real service; the body of its answer is not read yet.

        Raises:
            httpx2.HTTPError: it could not be asked.
        """
        PASSING_ON.set(True)
        if self._client is None:
            self._client = httpx2.AsyncClient(timeout=_TIMES, limits=httpx2.Limits(max_connections=None))
        headers = [(name, value) for name, value in request.headers.items() if name not in _NOT_ASKED]
        # Uncompressed, so that the journal can be read.
        headers.append(("accept-encoding", "identity"))
        url = self._url.copy_with(raw_path=self._prefix + request.target)
        return await self._client.send(
            httpx2.Request(request.method, url, headers=headers, content=request.body), stream=True
        )

    def note_failure(self, request: Request, error: httpx2.HTTPError) -> str:
        """Say why a call could not be passed on; the same text for the client and for the test."""
        what = f"{request.method} {request.path} could not be passed on to {self._url}: "
        what += f"{type(error).__name__}: {error}".rstrip(": ")
        self._on_failure(what)
        return what

    async def close(self) -> None:
        """End the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None


class _Passing(Response):
    """Makes the call, and sends what comes back as it comes, until the client goes away."""

    def __init__(self, service: RealService, request: Request) -> None:
        super().__init__()
        self._service = service
        self._request = request

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        passing = asyncio.ensure_future(self._pass(scope, receive, send))
        leaving = asyncio.ensure_future(_until_gone(receive))
        try:
            await asyncio.wait({passing, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (passing, leaving):
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await leaving
        with contextlib.suppress(asyncio.CancelledError):
            await passing

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = await self._service.send(self._request)
        except httpx2.HTTPError as error:
            what = self._service.note_failure(self._request, error)
            await JSONResponse({"error": {"message": what}}, _BAD_GATEWAY)(scope, receive, send)
            return
        try:
            await _relay(answer, send)
        except httpx2.HTTPError as error:
            # As the real service did: the connection ends in the middle of the answer.
            self._service.note_failure(self._request, error)
            await cast("Wire", scope["state"][WIRE]).drop()
        finally:
            await answer.aclose()


async def _relay(answer: httpx2.Response, send: Send) -> None:
    headers = [(name.lower(), value) for name, value in answer.headers.raw]
    kept = [(name, value) for name, value in headers if name.decode("latin-1") not in _OF_ONE_CONNECTION]
    await send({"type": "http.response.start", "status": answer.status_code, "headers": kept})
    async for piece in answer.aiter_raw():
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
