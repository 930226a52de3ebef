"""Reserve a TCP port now for a server that starts later."""

from __future__ import annotations

import contextlib
import random
import socket
import sys
from pathlib import Path
from typing import ClassVar

from seatrial.errors import ServerError

HOST = "127.0.0.1"
LOWEST = 10240
HIGHEST = 65535
USUAL_EPHEMERAL_START = 32768
NARROWEST = 1000
EPHEMERAL_FILE = Path("/proc/sys/net/ipv4/ip_local_port_range")


class ReservedPort:
    """A port on 127.0.0.1 that stays ours until `release`, though nobody listens on it yet.

    The socket is bound without SO_REUSEADDR, which proves the port free, and gets SO_REUSEADDR afterwards:
    Linux then lets PostgreSQL, which sets it too, bind the same port, while everybody who asks for any
    free port, or binds plainly, is turned away.
    """

    _held: ClassVar[dict[int, ReservedPort]] = {}

    def __init__(self, bound: socket.socket) -> None:
        self._socket = bound
        self.port: int = bound.getsockname()[1]
        self._held[self.port] = self

    @classmethod
    def reserve(cls) -> ReservedPort:
        """Take a free port below the range from which the kernel serves outgoing connections.

        Raises:
            ServerError: no port in the range is free.
        """
        low, high = port_range()
        start = random.randrange(high - low)  # noqa: S311  (spreads concurrent runs; no secret)
        for step in range(high - low):
            bound = _bind(low + (start + step) % (high - low))
            if bound is not None:
                return cls(bound)
        raise ServerError(
            f"A free port was expected between {low} and {high - 1} on {HOST}, but all are taken.",
            code="server.no-port",
            remedy="End programs that hold ports, or allow this sandbox to bind on 127.0.0.1.",
        )

    def release(self) -> None:
        """Give the port back. A server that listens on it by now keeps it."""
        self._held.pop(self.port, None)
        self._socket.close()

    @classmethod
    def hand_over(cls, port: int) -> None:
        """Let a server bind `port` in the next moment.

        Only Linux lets it bind beside the reservation; elsewhere the reservation has to end first.
        """
        held = cls._held.get(port)
        if held is not None and sys.platform != "linux":
            held.release()


def port_range() -> tuple[int, int]:
    """First port to use, and the one after the last."""
    ephemeral = USUAL_EPHEMERAL_START
    with contextlib.suppress(OSError, ValueError, IndexError):
        ephemeral = int(EPHEMERAL_FILE.read_text(encoding="ascii").split()[0])
    if ephemeral - LOWEST < NARROWEST:
        return LOWEST, HIGHEST + 1
    return LOWEST, ephemeral


def _bind(port: int) -> socket.socket | None:
    candidate = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        candidate.bind((HOST, port))
    except OSError:
        candidate.close()
        return None
    candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return candidate
