"""How long a start may take: who uses the processor is slow, who does not is stuck."""

from __future__ import annotations

import time

_SHARE_AT_WORK = 0.03
"""Of the time that passes; an import on a crowded machine, or from a cold disk, gets more than that."""
_PERIODS_AT_MOST = 10
"""Even an application at work may go round in circles."""


class Patience:
    """Ends with a period in which this process did next to nothing.

    Args:
        seconds: of a period.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._periods = 0
        self._used = time.process_time()

    @property
    def waited(self) -> float:
        """Seconds of all periods so far."""
        return self._periods * self.seconds

    def ends(self) -> bool:
        """Tell at the end of a period whether to give up."""
        self._periods += 1
        before, self._used = self._used, time.process_time()
        return self._used - before < _SHARE_AT_WORK * self.seconds or self._periods >= _PERIODS_AT_MOST
