"""What every way of isolation offers, whatever it does inside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

Replacing = Callable[[], AbstractContextManager[None]]
"""Opens the block in which the sessions of the tested database may be ended: the application's pools
are told, and its loop stands still meanwhile."""


@dataclass
class Tally:
    """What isolation did in one process, for the summary of the run."""

    untouched: int = 0
    """Times nothing had been changed."""
    reset: int = 0
    """Times the changes were undone in place; every session stayed."""
    replaced: int = 0
    """Times a fresh copy was put in place; the sessions ended."""
    seconds: float = 0.0
    """What tests waited for all of it."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Why a fresh copy was needed, where a reset had been asked for."""


class Isolation(Protocol):
    """One tested database under a constant name, brought back to its baseline between tests.

    The baseline is the template at first. `push` makes the present state the baseline, `pop` goes back to
    the one before; so they nest, as fixtures do.
    """

    tally: Tally

    def open(self) -> None:
        """Put the template's content under the constant name."""

    @property
    def baselines(self) -> Sequence[str]:
        """The databases that hold the baselines, the template first and then one for each push.

        They may be read, by sessions that end before anything else is asked of the isolation. Empty where
        baselines are kept in another way.
        """

    def position(self) -> object:
        """A mark that stays equal while no transaction that wrote ends; None where that cannot be told.

        Reads, open transactions and the isolation's own background work do not move it.
        """

    @property
    def pristine(self) -> bool:
        """Whether the database equals its baseline because it was handed to nobody since."""

    def hand_over(self) -> None:
        """Note that somebody may write now."""

    def restore(self, replacing: Replacing) -> None:
        """Make the database equal its baseline again.

        Raises:
            IsolationError: that could not be done; nothing is guessed.
        """

    def renew(self, replacing: Replacing) -> None:
        """Put a fresh copy of the baseline in place, whatever was changed; all sessions end."""

    def push(self, replacing: Replacing) -> None:
        """Make the present state the baseline of every later test."""

    def pop(self, replacing: Replacing) -> None:
        """Take the latest pushed baseline away, and restore the one before."""

    def keep(self, name: str, replacing: Replacing) -> None:
        """Copy the present state into a database of this name, which stays; the test may go on."""

    def close(self, *, drop_databases: bool) -> None:
        """Stop the background work; on a server that lives on, drop all we made but the template."""
