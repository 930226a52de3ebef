"""What became of the tests of a run, as far as a contract asks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path

Outcome = Literal["passed", "failed", "skipped"]


@dataclass(kw_only=True)
class SuiteRun:
    """The tests of one run, added one report at a time."""

    ran: set[Path] = field(default_factory=set)
    """The resolved paths of files of which the code of a test ran."""
    failed: dict[str, Path] = field(default_factory=dict)
    skipped: dict[str, Path] = field(default_factory=dict)
    """Tests, or files, by id."""
    durations: dict[str, float] = field(default_factory=dict)
    """How long each test ran, in seconds, without its set-up and tear-down."""
    seconds: float = 0.0
    """The whole run."""
    lost: tuple[str, ...] = ()
    """Processes that ended without handing over what they had measured."""

    def add(self, test: str, file: Path, outcome: Outcome, *, seconds: float | None = None) -> None:
        """Take in one report of a test; `seconds` where it is about the call itself."""
        if outcome == "failed":
            self.failed[test] = file
        elif outcome == "skipped":
            self.skipped[test] = file
        if seconds is not None and outcome != "skipped":
            self.ran.add(file)
            self.durations[test] = seconds
