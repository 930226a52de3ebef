"""One thread and one event loop that serve every fake, each on its own port."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import uvicorn

from seatrial.errors import FakeError

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

_START_SECONDS = 10.0
_STOP_SECONDS = 5.0


class FakeServer:
    """Serves the applications, keyed by port, on sockets that already listen."""

    def __init__(self, applications: Mapping[int, ASGIApp], sockets: list[socket.socket]) -> None:
        self._applications = dict(applications)
        self._sockets = sockets
        config = uvicorn.Config(
            self._dispatch,
            interface="asgi3",
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=1,
        )
        self._server = _AnnouncingServer(config)
        self._thread = threading.Thread(target=self._serve, name="seatrial-fakes", daemon=True)
        self._failure: BaseException | None = None

    def start(self) -> None:
        """Start the thread and return once connections are being answered.

        Raises:
            FakeError: the server ended, or was not ready within ten seconds.
        """
        self._thread.start()
        ready = self._server.settled.wait(_START_SECONDS)
        if not ready or not self._server.started:
            found = f"it ended with {self._failure!r}" if ready else f"not ready after {_START_SECONDS:g} s"
            raise FakeError(
                f"The fakes' server should have started, but {found}.",
                code="fakes.start",
                remedy="Check that this process may open sockets on 127.0.0.1.",
            )

    def stop(self) -> None:
        """End the thread and close the sockets; idle keep-alive connections are closed as well."""
        self._server.should_exit = True
        self._thread.join(_STOP_SECONDS)

    def _serve(self) -> None:
        try:
            self._server.run(sockets=self._sockets)
        except BaseException as failure:  # noqa: BLE001 - handed to start(), which waits for it
            self._failure = failure
        finally:
            self._server.settled.set()

    async def _dispatch(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._applications[scope["server"][1]](scope, receive, send)


class _AnnouncingServer(uvicorn.Server):
    """Tells another thread that start-up is over, so that nobody has to poll."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.settled = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.settled.set()
