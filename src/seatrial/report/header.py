"""What a run says before its first test: where the database is, and what was passed over."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seatrial.trial import Trial

_OTHER_WAYS = {
    "rollback": "isolation rollback: tests of one SQLAlchemy session are rolled back, all others are reset",
    "none": "isolation none: nothing is restored between tests; what one leaves, the next one finds",
}


def header_lines(trial: Trial) -> list[str]:
    """The header, without a secret in it."""
    settings = trial.settings
    lines = [f"settings from {settings.source}"]
    if trial.choice is not None and settings.database is not None:
        lines += trial.choice.header_lines()
        if settings.database.isolation == "reset":
            lines.append("isolation reset: a fresh clone for every test")
        elif settings.database.isolation in _OTHER_WAYS:
            lines.append(_OTHER_WAYS[settings.database.isolation])
        stand_ins = ", ".join(settings.database.stand_ins)
        if stand_ins:
            lines.append(f"SQL stand-ins are allowed for {stand_ins}")
    return lines
