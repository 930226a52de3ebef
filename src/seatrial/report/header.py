"""What a run says before its first test: where the database is, and what was passed over."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seatrial.trial import Trial


def header_lines(trial: Trial) -> list[str]:
    """The header, without a secret in it."""
    settings = trial.settings
    lines = [f"settings from {settings.source}"]
    if trial.choice is not None and settings.database is not None:
        lines += trial.choice.header_lines()
        if settings.database.isolation == "reset":
            in_place = trial.choice.mode == "named"
            how = "in place, by triggers" if in_place else "a fresh clone for every test"
            lines.append(f"isolation reset: {how}")
        stand_ins = ", ".join(settings.database.stand_ins)
        if stand_ins:
            lines.append(f"SQL stand-ins are allowed for {stand_ins}")
    return lines
