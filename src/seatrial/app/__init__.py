"""Load a team's application and run it in an event loop and thread of its own."""

from __future__ import annotations

from seatrial.app.clients import AsyncClient, Client
from seatrial.app.failures import AppFailure
from seatrial.app.loading import LoadedApp, load_app
from seatrial.app.quiescence import Leftover
from seatrial.app.runner import AppRunner

__all__ = ["AppFailure", "AppRunner", "AsyncClient", "Client", "Leftover", "LoadedApp", "load_app"]
