"""What the plugin's parts share: the trial of this run, and which tests seatrial is bound to."""

from __future__ import annotations

import pytest

from seatrial.trial import Trial

TRIAL = pytest.StashKey[Trial]()

_BOUND_LATE = pytest.StashKey[str]()

_APPLICATION = frozenset({"seatrial_app", "seatrial_client", "seatrial_async_client", "seatrial_run_in_app"})


def is_bound(item: pytest.Item) -> bool:
    """Whether a test uses seatrial: one of its fixtures, under the long or the short name."""
    return bool(item.stash.get(_BOUND_LATE, "")) or any(
        name.startswith("seatrial_") for name in getattr(item, "fixturenames", ())
    )


def fixtures_of(item: pytest.Item) -> set[str]:
    """The fixtures a test asks for, and the one by which it came to use seatrial while it ran."""
    return {*getattr(item, "fixturenames", ()), item.stash.get(_BOUND_LATE, "")}


def uses_application(item: pytest.Item) -> bool:
    """Whether a test asks for the application by one of its fixtures."""
    return not _APPLICATION.isdisjoint(getattr(item, "fixturenames", ()))


def needs_application(fixture: str) -> bool:
    """Whether a fixture starts the application."""
    return fixture in _APPLICATION


def bind_late(item: pytest.Item, fixture: str) -> None:
    """Note that a test uses seatrial, although its parameters did not say so (`request.getfixturevalue`)."""
    item.stash[_BOUND_LATE] = fixture
