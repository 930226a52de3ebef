"""The listener that stands in front of the test database as Lakebase stands in front of PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import struct
import threading
from socket import SO_LINGER, SOL_SOCKET
from typing import TYPE_CHECKING

from seatrial.fakes.databricks.lakebase.reception import House, Reception
from seatrial.postgres.faults import POSTGRES
from seatrial.tcp import ProxyThread
from seatrial.tcp.door import Door
from seatrial.tcp.switchboard import Switchboard

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Callable

    from seatrial.fakes.databricks.lakebase.upstream import Login, Upstream, Verdict

_AUTHENTICATION_TIMEOUT_S = 60.0
_SECONDS_TO_CLOSE = 2.0
_TURNS_OF_THE_LOOP = 3
_PROTOCOL = "postgresql"


class LakebaseGate:
    """Takes clients over TLS only, asks for a token as the password, and lets its owner in as the role.

    The port is there at once, and a client that connects to it waits until `start`. The token counts at the
    login only: sessions outlive it.

    Args:
        verify: what a token is good for: role and token -> a verdict. Called in a thread of its own.
        upstream: the database behind it.
        tls: makes the certificate's context, given what to call when a client turns the certificate down:
            `Authority.context`.
        authentication_timeout: seconds for the TLS handshake and the login.
        thread: what serves the gate and others; the faults' own, where the database has faults.

    Raises:
        FakeError: this process may not listen on 127.0.0.1.
    """

    def __init__(
        self,
        *,
        verify: Callable[[str, str], Verdict],
        upstream: Upstream,
        tls: Callable[[Callable[[], None]], ssl.SSLContext],
        authentication_timeout: float = _AUTHENTICATION_TIMEOUT_S,
        thread: ProxyThread | None = None,
    ) -> None:
        proxy = upstream.proxy
        self._board = proxy.board if proxy is not None else Switchboard(None, wire=POSTGRES)
        self._thread = proxy.thread if proxy is not None else thread or ProxyThread()
        self._has_own_board = proxy is None
        self._verify, self._upstream, self._tls = verify, upstream, tls
        self._patience = authentication_timeout
        self._house: House | None = None
        self._lock = threading.Lock()
        self._logins: list[Login] = []
        self._distrust = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._process = os.getpid()
        self._door = Door(self._enter)
        if upstream.join is not None:
            upstream.join(self.address, self.client_port)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port for clients."""
        return self._door.address

    @property
    def logins(self) -> list[Login]:
        """The attempts to log in since `forget`, oldest first."""
        with self._lock:
            return list(self._logins)

    def start(self) -> None:
        """Serve; a second call does nothing.

        Raises:
            FakeError: there is no certificate to be had.
        """
        if self._house is not None:
            return
        context = self._tls(self._note_distrust)
        # A client that begins with TLS says in it what it wants to speak.
        context.set_alpn_protocols([_PROTOCOL])
        self._house = House(
            board=self._board,
            upstream=self._upstream,
            verify=self._verify,
            tls=context,
            patience=self._patience,
            note=self._note,
        )
        self._thread.enter()
        self._thread.run(self._listen())

    def stop(self) -> None:
        """End every connection and give the port back; a forked child leaves its parent's gate alone."""
        if os.getpid() != self._process:
            return
        house, self._house = self._house, None
        if house is not None:
            self._thread.run(self._close(house))
            self._thread.leave()
        self._door.release()

    def client_port(self, port: int) -> int:
        """Where the client of a session comes from, for minus the number of its server process."""
        return self._board.ports.get(port, port)

    def problems(self) -> list[str]:
        """Why a test that is over must fail, if it must: clients that do not believe the certificate."""
        with self._lock:
            distrust = self._distrust
        troubles = self._board.troubles() if self._has_own_board else []
        if distrust:
            troubles.append(
                f"the certificate of the Lakebase endpoint was turned down {distrust} times: give the client "
                "{fakes.ca_file} as sslrootcert"
            )
        return troubles

    def forget(self) -> None:
        """Another test begins."""
        with self._lock:
            self._logins.clear()
            self._distrust = 0
        if self._has_own_board:
            self._board.forget_troubles()

    def _note(self, login: Login) -> None:
        with self._lock:
            self._logins.append(login)

    def _note_distrust(self) -> None:
        with self._lock:
            self._distrust += 1

    # --- in the thread -----------------------------------------------------------------------------------

    async def _listen(self) -> None:
        self._board.doors.append(self._door)
        self._door.open()

    def _enter(self, raw: socket.socket) -> None:
        if self._house is None or self._board.turns_away():
            _reset(raw)
            return
        task = asyncio.get_running_loop().create_task(Reception(self._house, raw).receive())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._board.keep(task)

    async def _close(self, house: House) -> None:
        self._board.doors.remove(self._door)
        self._door.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for line in list(house.lines):
            line.abort()
        for link in list(house.links):
            link.break_off()
        await self._board.nobody(_SECONDS_TO_CLOSE, of=list(house.links))
        for _ in range(_TURNS_OF_THE_LOOP):
            await asyncio.sleep(0)  # aborted connections are closed in one of the next turns


def _reset(raw: socket.socket) -> None:
    raw.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    raw.close()
