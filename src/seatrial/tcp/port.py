"""A local port that stays ours even while nobody is to be found at it."""

from __future__ import annotations

import socket
import sys

from seatrial.errors import FakeError

HOST = "127.0.0.1"
_BACKLOG = 128


class Port:
    """A port on 127.0.0.1, with a socket that listens from the first moment on.

    A client that connects before anybody serves waits. On Linux a second socket holds the port while the
    first is closed, see `ReservedPort` of the servers; elsewhere it is free for that long.
    """

    def __init__(self) -> None:
        try:
            self._holder: socket.socket | None = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self._holder.bind((HOST, 0))
        except OSError as error:
            raise _no_port("any free port", error) from error
        self.number: int = self._holder.getsockname()[1]
        self._holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if sys.platform != "linux":
            self._holder.close()
        self.listener = self.listen()

    def listen(self) -> socket.socket:
        """Open a socket that listens at the port, after the one before was closed.

        Raises:
            FakeError: another program has taken the port meanwhile.
        """
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, self.number))
            listener.listen(_BACKLOG)
        except OSError as error:
            listener.close()
            raise _no_port(f"port {self.number}", error) from error
        self.listener = listener
        return listener

    def release(self) -> None:
        """Give the port back."""
        self.listener.close()
        if self._holder is not None:
            self._holder.close()
            self._holder = None


def _no_port(which: str, error: OSError) -> FakeError:
    return FakeError(
        f"A proxy expects to listen on {which} of {HOST}: {error.strerror}.",
        code="faults.port",
        remedy="End the program that holds the port, or allow this sandbox to listen on 127.0.0.1.",
    )
