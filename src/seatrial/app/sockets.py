"""Serve the application over real HTTP on 127.0.0.1, in its own loop."""

from __future__ import annotations

import asyncio
import importlib.util
import socket
from typing import TYPE_CHECKING, Any, Protocol

from seatrial.app.origin import CURRENT, Origin
from seatrial.errors import ApplicationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seatrial.app.kinds import AsgiApp, Receive, Scope, Send
    from seatrial.app.loading import LoadedApp
    from seatrial.app.thread import AppThread


class Server(Protocol):
    """A server that serves."""

    url: str

    async def stop(self) -> None:
        """Close all connections and the port."""


async def serve(loaded: LoadedApp, thread: AppThread, state: Mapping[str, Any]) -> Server:
    """Serve an application on a free port; every exception it raises is recorded.

    Raises:
        ApplicationError: uvicorn is not installed.
    """
    if loaded.kind == "wsgi":
        from seatrial.app.wsgi_server import WsgiServer  # noqa: PLC0415 - only for WSGI on a socket

        return WsgiServer(loaded.app, thread)
    server = UvicornServer(_recording(loaded.asgi, thread, state), thread)
    await server.start()
    return server


def _recording(app: AsgiApp, thread: AppThread, state: Mapping[str, Any]) -> AsgiApp:
    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        origin = Origin(f"{scope.get('method', 'WEBSOCKET')} {scope['path']}", scope=scope)
        thread.arrivals.append(origin)
        task = asyncio.current_task()
        assert task is not None
        thread.tracker.adopt(task, origin)
        CURRENT.set(origin)
        scope["state"] = dict(state)
        try:
            await app(scope, receive, send)
        except Exception as error:
            thread.failures.record(error, origin)
            raise

    return call


class UvicornServer:
    """uvicorn in the application's loop."""

    def __init__(self, app: AsgiApp, thread: AppThread) -> None:
        try:
            import uvicorn  # noqa: PLC0415 - an extra
        except ImportError:
            raise ApplicationError(
                'The setting transport = "socket" needs uvicorn, which is not installed',
                code="app.uvicorn-missing",
                remedy='Install it (pip install uvicorn), or use transport = "memory".',
            ) from None
        config = uvicorn.Config(
            app,
            lifespan="off",
            log_config=None,
            access_log=False,
            ws="wsproto" if importlib.util.find_spec("wsproto") else "auto",
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = thread
        # asyncio switches Nagle's algorithm off only if the protocol is named.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    async def start(self) -> None:
        """Return once connections are accepted."""
        self._task = self._thread.loop.create_task(self._server.serve(sockets=[self._socket]))
        while not self._server.started and not self._task.done():  # noqa: ASYNC110 - uvicorn offers no event
            await asyncio.sleep(0.001)
        if self._task.done():
            await self._task

    async def stop(self) -> None:
        """Let running requests end, close all connections and the port."""
        self._server.should_exit = True
        await self._task
