"""Load a team's application and run it in an event loop and thread of its own.

The names are imported when they are first used: a suite without an application pays for none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.lazy import lazy_names

if TYPE_CHECKING:
    from seatrial.app.clients import AsyncClient, Client
    from seatrial.app.counting import CountedStatements, counted_statements
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
    "CountedStatements",
    "FollowingTransport",
    "Leftover",
    "LoadedApp",
    "counted_statements",
    "load_app",
]

__getattr__ = lazy_names(
    __name__,
    {
        "AppFailure": "failures",
        "AppRunner": "runner",
        "AsyncClient": "clients",
        "Client": "clients",
        "CountedStatements": "counting",
        "FollowingTransport": "following",
        "Leftover": "quiescence",
        "LoadedApp": "loading",
        "counted_statements": "counting",
        "load_app": "loading",
    },
)
