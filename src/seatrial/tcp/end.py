"""One end of a connection that passes the proxy."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_READ_AT_ONCE = 1 << 16
_LINGER_NONE = struct.pack("ii", 1, 0)


class End(asyncio.Protocol):
    """The client's or the service's end; tells the link what arrives, and does what the link says.

    Attributes:
        is_open: whether the connection exists and was not lost.
        got_eof: whether the peer has said that it sends nothing more.
        port: the number of the port that is the client's side of this connection; 0 before it is made,
            and for a unix socket.
    """

    def __init__(
        self,
        *,
        made: Callable[[], None],
        received: Callable[[bytes], None],
        ended: Callable[[], None],
        lost: Callable[[Exception | None], None],
    ) -> None:
        self._made = made
        self._received = received
        self._ended = ended
        self._lost = lost
        self.transport: asyncio.Transport | None = None
        self.is_open = False
        self.got_eof = False
        self.port = 0
        self.other: End | None = None
        self._paused: set[str] = set()
        self._when_flushed: Callable[[], None] | None = None

    # --- what the event loop calls -----------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the transport; small packets go out at once."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.is_open = True
        raw = transport.get_extra_info("socket")
        if raw.family != socket.AF_UNIX:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._made()
        asyncio.get_running_loop().call_soon(self._stay_paused)

    def _stay_paused(self) -> None:
        """Early versions of Python 3.11 read on after `connection_made`, whether it has paused or not."""
        if self._paused and self.transport is not None and not self.transport.is_closing():
            self.transport.resume_reading()
            self.transport.pause_reading()

    def data_received(self, data: bytes) -> None:
        """Pass on what arrives."""
        self._received(data)

    def eof_received(self) -> bool:
        """Keep the other direction open, as TCP does, and TLS does not."""
        self.got_eof = True
        self._ended()
        return self.transport is not None and self.transport.can_write_eof()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end, after what the peer has said before it left."""
        if isinstance(exc, ConnectionError) and not self._paused:
            self._hear_last_words()
        self.is_open = False
        self._lost(exc)

    def _hear_last_words(self) -> None:
        """Where writing to a peer that has left fails, asyncio closes without reading what is there."""
        assert self.transport is not None
        raw = self.transport.get_extra_info("socket")
        if raw is None or self.transport.get_extra_info("sslcontext") is not None:
            return
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(raw.fileno())) as peer:
            while data := peer.recv(_READ_AT_ONCE):
                self._received(data)

    def pause_writing(self) -> None:
        """The peer reads slowly: read as slowly from the other side."""
        if self.other is not None:
            self.other.pause("full")

    def resume_writing(self) -> None:
        """The peer has caught up."""
        when_flushed, self._when_flushed = self._when_flushed, None
        if when_flushed is not None:
            when_flushed()
        elif self.other is not None:
            self.other.resume("full")

    # --- what the link calls -----------------------------------------------------------------------------

    def pause(self, why: str) -> None:
        """Read nothing until every reason for it is gone."""
        self._paused.add(why)
        if self.transport is not None:
            self.transport.pause_reading()

    def resume(self, why: str) -> None:
        """A reason not to read is gone."""
        self._paused.discard(why)
        if not self._paused and self.transport is not None and not self.transport.is_closing():
            self.transport.resume_reading()

    def write(self, data: bytes | bytearray) -> None:
        """Send, if there is still somebody."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(data)

    def say_eof(self) -> None:
        """Say that nothing more comes, after all that was written; with TLS that ends both directions."""
        if self.transport is None or self.transport.is_closing():
            return
        if self.transport.can_write_eof():
            with contextlib.suppress(OSError):
                self.transport.write_eof()
        else:
            self.close()

    def close(self) -> None:
        """Close after all that was written."""
        if self.transport is None or self.transport.is_closing():
            return
        if self.transport.can_write_eof():
            self.transport.close()
        else:
            # A TLS transport waits for its peer only so long, and then drops what it has not sent.
            self.after_flush(self.transport.close)

    def abort(self, *, reset: bool = False) -> None:
        """End at once; with `reset` the peer gets a TCP reset instead of an orderly end."""
        if self.transport is None or not self.is_open:
            return
        if reset:
            with contextlib.suppress(OSError):
                raw = self.transport.get_extra_info("socket")
                # A TLS transport that has lost its connection knows of no socket any more.
                if raw is not None:
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NONE)
        self.transport.abort()

    def after_flush(self, function: Callable[[], None]) -> None:
        """Call a function when everything that was written is with the kernel."""
        if self.transport is None or not self.transport.get_write_buffer_size():
            function()
            return
        self._when_flushed = function
        self.transport.set_write_buffer_limits(high=0)
