"""A monotonic clock that keeps going when a test freezes time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def now(_read: Callable[[], float] = time.monotonic) -> float:
    """Seconds on the real monotonic clock.

    Tools that freeze time replace module attributes; a default argument is out of their reach.
    """
    return _read()
