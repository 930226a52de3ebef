"""The audit hook: Python asks it before a socket connects, sends or looks a name up.

Nothing is patched, so the application cannot tell. A hook stays until the process ends; there is one, and
it does nothing while nobody watches.
"""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

Host = str | bytes | bytearray | None


class Watcher(Protocol):
    """Who is asked."""

    def connecting(self, host: Host, port: object) -> None:
        """A socket is about to connect to, or to send to, this host; raises to prevent it."""

    def looking_up(self, host: Host, port: object) -> None:
        """A name is about to be looked up; raises to prevent it."""


_INTERNET = (2, 10) if sys.platform == "linux" else (2, 30)
"""AF_INET and AF_INET6; all other families stay on this machine. No import of socket for two numbers."""

_watcher: Watcher | None = None
_installed = False
_inside = threading.local()


def watch(watcher: Watcher | None) -> None:
    """Ask this one from now on; None: nobody."""
    global _watcher, _installed  # noqa: PLW0603 - a process has one audit hook
    _watcher = watcher
    if watcher is not None and not _installed:
        _installed = True
        sys.addaudithook(_hook)


def watcher() -> Watcher | None:
    """Who is asked now."""
    return _watcher


def _hook(event: str, args: tuple[Any, ...]) -> None:
    # Called for everything that is audited, imports and opened files included: the way out comes first.
    if _watcher is None or event not in _EVENTS:
        return
    if getattr(_inside, "now", False):
        return  # the watcher's own questions
    _inside.now = True
    try:
        _EVENTS[event](_watcher, args)
    finally:
        _inside.now = False


def _connect(asked: Watcher, args: tuple[Any, ...]) -> None:
    sock, address = args
    if sock.family in _INTERNET and isinstance(address, tuple) and len(address) >= 2:  # noqa: PLR2004 - host and port
        asked.connecting(address[0], address[1])


def _look_up(asked: Watcher, args: tuple[Any, ...]) -> None:
    asked.looking_up(args[0], args[1] if len(args) > 1 else None)


def _name(asked: Watcher, args: tuple[Any, ...]) -> None:
    asked.connecting(args[0][0], None)


_EVENTS: dict[str, Callable[[Watcher, tuple[Any, ...]], None]] = {
    "socket.connect": _connect,
    "socket.sendto": _connect,
    "socket.sendmsg": _connect,
    "socket.getaddrinfo": _look_up,
    "socket.gethostbyname": _look_up,
    "socket.gethostbyaddr": _look_up,
    "socket.getnameinfo": _name,
}
