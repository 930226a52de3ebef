"""Where clients come in: a local port, and what is done with each connection."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from seatrial.tcp.port import HOST, Port

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable


class Door:
    """A port that is there at once; a client that comes before `open` waits.

    Args:
        enter: is given each connection, in the thread of the proxies.

    Raises:
        FakeError: this process may not listen on 127.0.0.1.
    """

    def __init__(self, enter: Callable[[socket.socket], object]) -> None:
        self._enter = enter
        self._port = Port()
        self.is_open = False
        """Whether clients are let in."""

    @property
    def address(self) -> tuple[str, int]:
        """Host and port for clients."""
        return HOST, self._port.number

    def listen(self) -> None:
        """Let new clients wait again, after `close`.

        Raises:
            FakeError: another program has taken the port meanwhile.
        """
        if self._port.listener.fileno() < 0:
            self._port.listen()

    def release(self) -> None:
        """Give the port back."""
        self._port.release()

    # --- in the thread -----------------------------------------------------------------------------------

    # Not create_server(): a server that is closed just when a client arrives loses its connection unclosed.

    def open(self) -> None:
        """Let clients in."""
        self._port.listener.setblocking(False)
        asyncio.get_running_loop().add_reader(self._port.listener, self._accept)
        self.is_open = True

    def close(self) -> None:
        """Nobody is to be found here; does nothing the second time."""
        if self._port.listener.fileno() >= 0:
            if self.is_open:
                asyncio.get_running_loop().remove_reader(self._port.listener)
            self._port.listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # nobody, or somebody who has left again
            while True:
                client, _ = self._port.listener.accept()
                client.setblocking(False)
                self._enter(client)
