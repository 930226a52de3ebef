"""Compare server addresses as drivers report them."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeAlias

Addresses: TypeAlias = Collection[tuple[str, int]]
_LOOPBACK = ("localhost", "127.0.0.1", "::1", "")


def is_one_of(host: object, port: object, addresses: Addresses) -> bool:
    """Tell whether host and port name one of the servers, whatever name of this machine is used.

    A host that begins with a slash is the folder of a unix socket, which is this machine too.
    """
    return any(
        int(known_port) == _number(port) and _plain(host) == _plain(known_host)
        for known_host, known_port in addresses
    )


def _plain(host: object) -> str:
    text = str(host or "")
    return "localhost" if text in _LOOPBACK or text.startswith("/") else text


def _number(port: object) -> int | None:
    try:
        return int(str(port))
    except ValueError:
        return None
