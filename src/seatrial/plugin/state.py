"""What the plugin's parts share: the trial of this run, and which tests seatrial is bound to."""

from __future__ import annotations

import pytest

from seatrial.errors import LeakError
from seatrial.trial import Trial

TRIAL = pytest.StashKey[Trial]()

LEAKS = pytest.StashKey[list[LeakError]]()
"""What a test left behind, known when its own fixtures are closed."""

_BOUND_LATE = pytest.StashKey[str]()
_IS_BOUND = pytest.StashKey[bool]()
"""Set once it is known, which it is asked for at every step of a test."""

_SHARED = frozenset({"seatrial_shared_client", "seatrial_shared_db"})
_APPLICATION = frozenset(
    {
        "seatrial_app",
        "seatrial_client",
        "seatrial_async_client",
        "seatrial_run_in_app",
        "seatrial_shared_client",
    }
)


def is_bound(item: pytest.Item) -> bool:
    """Whether a test uses seatrial: one of its fixtures, under the long or the short name."""
    bound = item.stash.get(_IS_BOUND, False)
    if not bound and _asks_for_ours(item):
        item.stash[_IS_BOUND] = bound = True
    return bound


def _asks_for_ours(item: pytest.Item) -> bool:
    return any(name.startswith("seatrial_") for name in getattr(item, "fixturenames", ()))


def fixtures_of(item: pytest.Item) -> set[str]:
    """The fixtures a test asks for, and the one by which it came to use seatrial while it ran."""
    return {*getattr(item, "fixturenames", ()), item.stash.get(_BOUND_LATE, "")}


def uses_application(item: pytest.Item) -> bool:
    """Whether a test asks for the application by one of its fixtures."""
    return not _APPLICATION.isdisjoint(getattr(item, "fixturenames", ()))


def needs_application(fixture: str) -> bool:
    """Whether a fixture starts the application."""
    return fixture in _APPLICATION


def binds(fixture: str, *, scope: str) -> bool:
    """Whether a test that asks for a fixture while it runs needs a pristine start for it."""
    return fixture in _SHARED or (fixture.startswith("seatrial_") and scope == "function")


def bind_late(item: pytest.Item, fixture: str) -> None:
    """Note that a test uses seatrial, although its parameters did not say so (`request.getfixturevalue`)."""
    item.stash[_BOUND_LATE] = fixture
    item.stash[_IS_BOUND] = True
