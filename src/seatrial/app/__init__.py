"""Load a team's application and run it in an event loop and thread of its own.

The names are imported when they are first used: a suite without an application pays for none of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seatrial.app.clients import AsyncClient, Client
    from seatrial.app.failures import AppFailure
    from seatrial.app.following import FollowingTransport
    from seatrial.app.loading import LoadedApp, load_app
    from seatrial.app.quiescence import Leftover
    from seatrial.app.runner import AppRunner

__all__ = [
    "AppFailure",
    "AppRunner",
    "AsyncClient",
    "Client",
    "FollowingTransport",
    "Leftover",
    "LoadedApp",
    "load_app",
]

_HOMES = {
    "AppFailure": "failures",
    "AppRunner": "runner",
    "AsyncClient": "clients",
    "Client": "clients",
    "FollowingTransport": "following",
    "Leftover": "quiescence",
    "LoadedApp": "loading",
    "load_app": "loading",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
