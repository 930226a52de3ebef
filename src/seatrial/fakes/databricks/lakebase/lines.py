"""A client's connection before it has logged in: without TLS, and with it."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

    from seatrial.tcp.link import Link

_READ_AHEAD = 1 << 17
"""Bytes; more than any message before the login."""
_CLOSING_LIMIT_S = 5.0
"""How long a client may take to say goodbye in TLS."""
_FIRST_OF_TLS = b"\x16"


class PlainLine:
    """A connection as it arrives. No byte is read too many: what follows may be TLS.

    Args:
        raw: the socket, which does not block.
    """

    def __init__(self, raw: socket.socket) -> None:
        self._raw = raw
        self._is_ours = True
        self._loop = asyncio.get_running_loop()

    async def begins_with_tls(self) -> bool:
        """Whether the client begins a handshake without asking for it, as PostgreSQL 17's clients may."""
        readable = asyncio.Event()
        self._loop.add_reader(self._raw, readable.set)
        try:
            await readable.wait()
        finally:
            self._loop.remove_reader(self._raw)
        return self._raw.recv(1, socket.MSG_PEEK) == _FIRST_OF_TLS

    async def read(self, count: int) -> bytes:
        """So many bytes.

        Raises:
            EOFError: the client has left.
        """
        found = b""
        while len(found) < count:
            more = await self._loop.sock_recv(self._raw, count - len(found))
            if not more:
                raise EOFError
            found += more
        return found

    async def write(self, data: bytes) -> None:
        """Send."""
        await self._loop.sock_sendall(self._raw, data)

    async def encrypt(self, line: EncryptedLine, context: ssl.SSLContext, *, seconds: float) -> None:
        """Go on in TLS.

        Args:
            line: what has the connection then.
            context: who we are.
            seconds: how long the handshake may take.

        Raises:
            OSError: the client does not like us, or cannot speak TLS.
        """
        self._is_ours = False
        await self._loop.connect_accepted_socket(
            lambda: line,
            self._raw,
            ssl=context,
            ssl_handshake_timeout=seconds,
            ssl_shutdown_timeout=_CLOSING_LIMIT_S,
        )

    async def hand_over(self, link: Link) -> None:
        """Let a link have the connection."""
        self._is_ours = False
        await self._loop.connect_accepted_socket(lambda: link.client, self._raw)

    def close(self) -> None:
        """End it, unless somebody else has it."""
        if self._is_ours:
            self._raw.close()


class EncryptedLine(asyncio.Protocol):
    """The same after the handshake.

    Args:
        present: the lines there are; it is among them while it has a connection.
    """

    def __init__(self, present: set[EncryptedLine]) -> None:
        self._present = present
        self._transport: asyncio.Transport | None = None
        self._heard = bytearray()
        self._has_ended = False
        self._news = asyncio.Event()
        self._heir: Link | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The handshake is over."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._present.add(self)

    def data_received(self, data: bytes) -> None:
        """Keep what is to be read."""
        self._heard += data
        if len(self._heard) > _READ_AHEAD and self._transport is not None:
            self._transport.pause_reading()
        self._news.set()

    def eof_received(self) -> None:
        """The client leaves."""
        self._has_ended = True
        self._news.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has left."""
        self.eof_received()
        self._present.discard(self)
        if self._heir is not None:
            # The loop had called us before the link could take the connection.
            self._heir.client.connection_lost(exc)

    @property
    def speaks_postgresql(self) -> bool:
        """Whether the handshake says what is spoken in TLS (ALPN)."""
        assert self._transport is not None
        return bool(self._transport.get_extra_info("ssl_object").selected_alpn_protocol() == "postgresql")

    @property
    def port(self) -> int:
        """Where the client comes from; 0 when it has left already."""
        assert self._transport is not None
        peer = self._transport.get_extra_info("peername")
        return int(peer[1]) if peer else 0

    async def read(self, count: int) -> bytes:
        """So many bytes.

        Raises:
            EOFError: the client has left.
        """
        while len(self._heard) < count:
            if self._has_ended:
                raise EOFError
            self._news.clear()
            await self._news.wait()
        found = bytes(self._heard[:count])
        del self._heard[:count]
        return found

    def rest(self) -> bytes:
        """What the client has sent beyond that."""
        rest, self._heard = bytes(self._heard), bytearray()
        return rest

    async def write(self, data: bytes) -> None:
        """Send."""
        if self._transport is not None:
            self._transport.write(data)

    async def hand_over(self, link: Link) -> None:
        """Let a link have the connection.

        Raises:
            EOFError: the client has left.
        """
        if self._has_ended or self._transport is None:
            raise EOFError
        self._heir = link
        self._present.discard(self)
        self._transport.set_protocol(link.client)
        link.client.connection_made(self._transport)

    def close(self) -> None:
        """End it, after all that was written."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.close()

    def abort(self) -> None:
        """End it at once."""
        if self._transport is not None:
            self._transport.abort()
