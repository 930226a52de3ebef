"""The connections that the application's event loop has opened, and where in the application."""

from __future__ import annotations

import sys
import weakref
from typing import TYPE_CHECKING, Any

from seatrial.app.places import Trace, places, trace_of_caller

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Collection
    from types import FrameType


class Outgoing:
    """Open connections to servers, for as long as somebody holds them."""

    def __init__(self) -> None:
        self._traces: weakref.WeakKeyDictionary[asyncio.BaseTransport, Trace] = weakref.WeakKeyDictionary()
        # A pool of asyncpg cannot be referred to weakly; the places it has for connections can.
        self._holders: weakref.WeakSet[Any] = weakref.WeakSet()

    def add(self, transport: asyncio.BaseTransport) -> None:
        """Remember a connection, and that its caller opened it."""
        self._traces[transport] = trace_of_caller()
        if (holder := _asyncpg_holder()) is not None:
            self._holders.add(holder)

    def pools(self) -> list[Any]:
        """The pools of asyncpg for which connections were opened."""
        return list({id(holder._pool): holder._pool for holder in list(self._holders)}.values())  # noqa: SLF001 - asyncpg offers no other way

    def to(self, addresses: Collection[tuple[str, int]]) -> list[asyncio.BaseTransport]:
        """The open ones that lead to one of these addresses."""
        return [t for t in list(self._traces) if not t.is_closing() and _address(t, "peername") in addresses]

    def from_ports(self, ports: Collection[int]) -> list[asyncio.BaseTransport]:
        """The open ones that come from these ports of this machine."""
        return [t for t in list(self._traces) if not t.is_closing() and _port(t) in ports]

    def ports(self) -> frozenset[int]:
        """The ports of this machine they come from, by which a server knows them."""
        return frozenset(port for t in list(self._traces) if (port := _port(t)) is not None)

    def opened_at(self, port: int) -> list[str]:
        """Where the one that comes from this port was opened, innermost first; nothing if there is none."""
        return next((places(self._traces[t]) for t in self.from_ports({port})), [])


def _asyncpg_holder() -> Any:
    """The place in a pool that is connecting: asyncpg keeps no list of pools, and a search takes 20 ms."""
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001 - the documented way without building a whole stack
    while frame is not None:
        if frame.f_code.co_name == "connect" and frame.f_globals.get("__name__") == "asyncpg.pool":
            return frame.f_locals.get("self")
        frame = frame.f_back
    return None


def _port(transport: asyncio.BaseTransport) -> int | None:
    address = _address(transport, "sockname")
    return address[1] if address is not None else None


def _address(transport: asyncio.BaseTransport, which: str) -> tuple[str, int] | None:
    address = transport.get_extra_info(which)
    return tuple(address[:2]) if isinstance(address, tuple) else None
