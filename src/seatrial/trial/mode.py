"""`TEST_MODE`: how fakes behave. Values that are not ours belong to the application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

_VARIABLE = "TEST_MODE"
_UNSERVED = ("live", "record", "replay")


def refuse_unserved_mode(environ: Mapping[str, str]) -> None:
    """Refuse a mode that this version does not serve, so that nobody takes its fakes for the real service.

    Raises:
        SettingsError: `TEST_MODE` is live, record or replay.
    """
    mode = environ.get(_VARIABLE, "").strip().lower()
    if mode in _UNSERVED:
        raise SettingsError(
            f"{_VARIABLE} is {mode!r}, and this version of seatrial serves the mode 'mock' only",
            code="mode.not-served",
            remedy=f"unset {_VARIABLE}, or set it to 'mock'",
        )
