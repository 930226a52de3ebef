"""The guard of a run: what its settings, its modes and its database let tests reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.trial.network.guard import Guard
from seatrial.trial.network.machine import Reachable

if TYPE_CHECKING:
    from seatrial.config import DatabaseAddress
    from seatrial.config.settings import Settings
    from seatrial.trial.modes import Modes


def make_guard(settings: Settings, modes: Modes, address: DatabaseAddress | None) -> Guard:
    """A guard that permits the hosts of the settings, of live fakes and of the test database."""
    of_database = (address.host,) if address is not None and address.engine == "postgres" else ()
    reachable = Reachable((*settings.allow_hosts, *modes.hosts, *of_database))
    return Guard(reachable, exempt=_passes_on) if modes.live else Guard(reachable)


def _passes_on() -> bool:
    """Whether the caller is a live fake on its way to the real service."""
    from seatrial.fakes.passing import PASSING_ON  # noqa: PLC0415 - only runs with a live fake

    return PASSING_ON.get()
