"""The guard of a run: what its settings, its modes and its database let tests reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.trial.network.guard import Guard
from seatrial.trial.network.machine import Reachable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from seatrial.config.settings import Settings
    from seatrial.trial.modes import Modes


def make_guard(settings: Settings, modes: Modes, places: Iterable[tuple[str, int]] = ()) -> Guard:
    """A guard that permits the hosts of the settings, of live fakes and of the test database.

    Args:
        settings: whose `allow_hosts` may be reached.
        modes: whose live services may be reached.
        places: host and port of the database, as the application has it and as its proxy has it.
    """
    reachable = Reachable((*settings.allow_hosts, *modes.hosts, *(host for host, _ in places)))
    return Guard(reachable, exempt=_passes_on) if modes.live else Guard(reachable)


def _passes_on() -> bool:
    """Whether the caller is a live fake on its way to the real service."""
    from seatrial.fakes.passing import PASSING_ON  # noqa: PLC0415 - only runs with a live fake

    return PASSING_ON.get()
