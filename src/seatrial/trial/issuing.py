"""The local OIDC issuer of one process: its address is reserved early, its server starts late."""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import threading
from typing import TYPE_CHECKING

from seatrial.errors import IdentityError
from seatrial.identities.oidc.issuer import Issuer

if TYPE_CHECKING:
    from seatrial.config.settings import IdentitySettings
    from seatrial.fakes.server import FakeServer

_BACKLOG = 128


class ServedIssuer:
    """An issuer behind a socket that listens from the beginning.

    The server starts with the first connection, or with `start`. Whoever connects while it is imported
    (an application that reads the keys at module level, say) waits for some milliseconds.

    Args:
        settings: users and claims.

    Raises:
        IdentityError: the extra `rsa` is not installed, or the claims cannot be made for every user.
    """

    def __init__(self, settings: IdentitySettings) -> None:
        # asyncio sets TCP_NODELAY only on sockets that name their protocol.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._waker, self._woken = socket.socketpair()
        try:
            self._socket.bind(("127.0.0.1", 0))
            self.port: int = self._socket.getsockname()[1]
            self.issuer = Issuer(settings, url=f"http://127.0.0.1:{self.port}")
            self._socket.listen(_BACKLOG)
        except BaseException:
            self._close_sockets()
            raise
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._server: FakeServer | None = None
        self._failure: BaseException | None = None
        self._doorbell = threading.Thread(target=self._wait, name="seatrial-issuer", daemon=True)
        self._doorbell.start()

    def start(self) -> None:
        """Serve the endpoints; a second call does nothing.

        Raises:
            IdentityError: the extra `fakes` is not installed.
            FakeError: the server does not start.
        """
        with self._lock:
            if self._failure is not None:
                raise self._failure
            if self._server is not None or self._socket.fileno() < 0:
                return
            try:
                server = self._made()
                server.start()
            except BaseException as failure:
                self._failure = failure
                raise
            self._server = server

    def close(self) -> None:
        """End the server and give the port back; a forked child leaves its parent's server alone."""
        if os.getpid() != self._process:
            return
        # A descriptor that is closed while somebody waits for it would never wake him.
        self._waker.close()
        self._doorbell.join()
        with self._lock:
            if self._server is not None:
                self._server.stop()
            self._close_sockets()

    def _made(self) -> FakeServer:
        try:
            from seatrial.fakes.server import FakeServer, Site  # noqa: PLC0415 - the extra, and start-up time
            from seatrial.identities.oidc.endpoints import Endpoints  # noqa: PLC0415
        except ImportError as missing:
            raise IdentityError(
                f"The local issuer needs uvicorn and starlette; importing them failed: {missing}.",
                code="identities.no-server",
                remedy='Install the extras: pip install "seatrial[fakes,rsa]".',
            ) from missing
        return FakeServer([Site(application=Endpoints(self.issuer).application(), listener=self._socket)])

    def _wait(self) -> None:
        with contextlib.suppress(OSError, ValueError), selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            ready = {key.fileobj for key, _ in selector.select()}
            if self._socket in ready and self._woken not in ready:
                self._answer()

    def _answer(self) -> None:
        try:
            self.start()
        except BaseException:  # noqa: BLE001 - whoever starts it next meets the same error, in full
            # A caller that nobody answers would wait for ever.
            self._socket.close()

    def _close_sockets(self) -> None:
        for end in (self._socket, self._waker, self._woken):
            end.close()
