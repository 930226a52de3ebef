"""The connection under an exchange: whether it is still there, and how to end it rudely."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import TYPE_CHECKING

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    from seatrial.fakes.journal import Attempt

WIRE = "seatrial.wire"
_NO_LINGER = struct.pack("ii", 1, 0)


class Wire:
    """One connection of a client to a fake.

    Args:
        transport: what the bytes go through.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.attempt: Attempt | None = None
        """What is being answered on it, or was last."""
        self.gone = asyncio.Event()
        """Set when the connection has ended."""

    def note_lost(self) -> None:
        """The connection has ended; what was being answered has not reached the client whole."""
        self.gone.set()
        if self.attempt is not None and self.attempt.seconds is None:
            self.attempt.broken = True

    async def drop(self) -> None:
        """Close the connection in order, after what was written so far."""
        self._transport.close()
        await self.gone.wait()

    async def reset(self) -> None:
        """End the connection as a crashed peer does: the client sees a reset."""
        raw = self._transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self._transport.abort()
        await self.gone.wait()


class WiredProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 protocol that lets the application reach its connection, in the scope's state."""

    _wire: Wire | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has connected."""
        self._wire = Wire(transport)
        self.app_state = {WIRE: self._wire}
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended."""
        if self._wire is not None:
            self._wire.note_lost()
        super().connection_lost(exc)
