"""Retire connections of asyncpg's own pools by ending them before anybody asks for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seatrial.app.pools.addresses import Addresses

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def numbers_of(addresses: Addresses) -> set[tuple[str, int]]:
    """Return addresses as sockets report them: a loopback name may have been reached by either number."""
    return {(name, port) for host, port in addresses for name in (_LOOPBACK if host in _LOOPBACK else {host})}
