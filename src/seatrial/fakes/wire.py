"""The connection under an exchange: whether it is still there, and how to end it rudely."""

from __future__ import annotations

import socket
import ssl
import struct
from typing import TYPE_CHECKING

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from uvicorn.config import Config
    from uvicorn.server import ServerState

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
        self.lost = False
        """Whether the connection has ended."""

    def note_lost(self) -> None:
        """The connection has ended; what was being answered has not reached the client whole."""
        self.lost = True
        if self.attempt is not None and self.attempt.seconds is None:
            self.attempt.broken = True

    def drop(self) -> None:
        """Close the connection in order, after what was written so far."""
        self._transport.close()

    def reset(self) -> None:
        """End the connection as a crashed peer does: the client sees a reset."""
        raw = self._transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self._transport.abort()


class WiredProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 protocol that lets the application reach its connection, in the scope's state.

    Args:
        config: which application answers.
        server_state: where the server keeps its connections.
        on_distrust: told when the client turns the certificate down.
    """

    def __init__(
        self, config: Config, server_state: ServerState, *, on_distrust: Callable[[], None] | None
    ) -> None:
        super().__init__(config, server_state, {})
        self._on_distrust = on_distrust
        self._wire: Wire | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has connected."""
        self._wire = self.app_state[WIRE] = Wire(transport)
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended; with TLS 1.3 a client says only now that it does not trust us."""
        if self._wire is not None:
            self._wire.note_lost()
        distrusted = isinstance(exc, ssl.SSLError) and "ALERT" in (exc.reason or "")
        if distrusted and self._on_distrust is not None:
            self._on_distrust()
        super().connection_lost(exc)
