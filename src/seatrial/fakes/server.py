"""One thread and one event loop that serve every fake, each on its own port, over http or https."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.server import ServerState

from seatrial.errors import FakeError
from seatrial.fakes.wire import WiredProtocol

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Awaitable, Callable, Sequence

    from starlette.types import ASGIApp

_START_SECONDS = 10.0
_STOP_SECONDS = 5.0
_END_SECONDS = 0.5


@dataclass(frozen=True, kw_only=True)
class Site:
    """What is served on one socket.

    Args:
        application: what answers.
        listener: a socket that listens already; whoever made it closes it.
        tls: for https; None is http.
        at_end: awaited when the server ends.
    """

    application: ASGIApp
    listener: socket.socket
    tls: ssl.SSLContext | None = None
    at_end: Callable[[], Awaitable[None]] | None = None


class FakeServer:
    """Serves the sites."""

    def __init__(self, sites: Sequence[Site]) -> None:
        self._sites = sites
        self._thread = threading.Thread(target=self._serve, name="seatrial-fakes", daemon=True)
        self._settled = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over: asyncio.Event | None = None
        self._failure: BaseException | None = None

    def start(self) -> None:
        """Start the thread and return once connections are being answered.

        Raises:
            FakeError: the server ended, or was not ready within ten seconds.
        """
        self._thread.start()
        ready = self._settled.wait(_START_SECONDS)
        if not ready or self._failure is not None:
            found = f"it ended with {self._failure!r}" if ready else f"not ready after {_START_SECONDS:g} s"
            raise FakeError(
                f"The fakes' server should have started, but {found}.",
                code="fakes.start",
                remedy="Check that this process may open sockets on 127.0.0.1.",
            )

    def stop(self) -> None:
        """End the thread and every connection."""
        if self._loop is not None and self._over is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(_STOP_SECONDS)

    def _serve(self) -> None:
        try:
            with asyncio.Runner() as runner:
                runner.run(self._main())
        except BaseException as failure:  # noqa: BLE001 - handed to start(), which waits for it
            self._failure = failure
        finally:
            self._settled.set()

    async def _main(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        state = ServerState()
        servers = [await self._open(site, state) for site in self._sites]
        self._settled.set()
        await self._over.wait()
        for server in servers:
            server.close()
        for connection in list(state.connections):
            connection.transport.abort()
        if state.tasks:
            # They learn that their clients are gone; cancelled before, uvicorn would log each as a crash.
            await asyncio.wait(state.tasks, timeout=_END_SECONDS)
        for site in self._sites:
            if site.at_end is not None:
                await site.at_end()

    async def _open(self, site: Site, state: ServerState) -> asyncio.Server:
        config = _configuration(site.application)
        loop = asyncio.get_running_loop()
        return await loop.create_server(
            lambda: WiredProtocol(config, state, {}),
            sock=site.listener,
            ssl=site.tls,
        )


def _configuration(application: ASGIApp) -> uvicorn.Config:
    config = uvicorn.Config(
        application,
        interface="asgi3",
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )
    config.load()
    return config
