"""What a run says before its first test: where the database is, and what was passed over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.sqlite import SqliteChoice

if TYPE_CHECKING:
    from seatrial.postgres.choice import Choice
    from seatrial.trial import Trial

_OTHER_WAYS = {
    "rollback": "isolation rollback: tests of one SQLAlchemy session are rolled back, all others are reset",
    "none": "isolation none: nothing is restored between tests; what one leaves, the next one finds",
}


def header_lines(trial: Trial) -> list[str]:
    """The header, without a secret in it."""
    settings = trial.settings
    lines = [f"settings from {settings.source}"]
    if trial.modes.is_live():
        lines.append(f"mode {trial.modes.describe()}")
    if isinstance(trial.choice, SqliteChoice):
        return lines + trial.choice.header_lines()
    if trial.choice is not None and settings.database is not None:
        lines += trial.choice.header_lines()
        if settings.database.isolation == "reset":
            lines.append(f"isolation reset: {_reset_on(trial.choice)}")
        elif settings.database.isolation in _OTHER_WAYS:
            lines.append(_OTHER_WAYS[settings.database.isolation])
        stand_ins = ", ".join(settings.database.stand_ins)
        if stand_ins:
            lines.append(f"SQL stand-ins are allowed for {stand_ins}")
    return lines


def _reset_on(choice: Choice) -> str:
    """How a reset is done on the chosen server."""
    if choice.mode == "named":
        return "in place, by triggers"
    return "what a test changed is put back" if choice.kind == "embedded" else "a fresh clone for every test"
