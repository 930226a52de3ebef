"""What a client sees of a refusal: the failures that it knows from an unreachable network."""

from __future__ import annotations

import errno
import socket


class RefusedConnection(ConnectionRefusedError):  # noqa: N818 - clients take it for what its base is
    """Nobody answers there, and nobody was asked."""


class RefusedLookup(socket.gaierror):
    """The name is unknown, and nobody was asked."""


def refused_connection(place: str) -> RefusedConnection:
    """The error of a connection that was not made."""
    return RefusedConnection(errno.ECONNREFUSED, _text(place))


def refused_lookup(place: str) -> RefusedLookup:
    """The error of a name that was not looked up."""
    return RefusedLookup(socket.EAI_NONAME, _text(place))


def _text(place: str) -> str:
    return f"seatrial keeps tests on this machine: {place} was not asked"
