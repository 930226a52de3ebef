"""An answer that comes slowly."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from seatrial.tcp.end import End
    from seatrial.tcp.faults import Fault

_STEPS_PER_SECOND = 20


class Pace:
    """Sends what it is given at a rate; the service is read no faster.

    Args:
        rate: bytes per second.
        sink: where the bytes go.
        source: where they come from.
        fault: what asked for it; when that is over, the rest goes at once.
    """

    def __init__(self, rate: float, sink: End, source: End, fault: Fault) -> None:
        self._step = max(1, int(rate / _STEPS_PER_SECOND))
        self._wait = self._step / rate
        self._sink = sink
        self._source = source
        self._fault = fault
        self._rest = bytearray()
        self._timer: asyncio.TimerHandle | None = None
        self._then: Callable[[], None] | None = None

    def add(self, data: bytes) -> None:
        """Take bytes of the answer."""
        self._rest += data
        self._source.pause("slow")
        if self._timer is None:
            self._schedule()

    def finish(self, then: Callable[[], None]) -> None:
        """Call a function after the last byte."""
        self._then = then
        if self._timer is None:
            then()

    def hurry(self) -> None:
        """Send what is left at once."""
        self.stop()
        self._sink.write(self._rest)
        self._rest.clear()
        self._source.resume("slow")
        if self._then is not None:
            self._then()

    def stop(self) -> None:
        """Send nothing more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _schedule(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._wait, self._send)

    def _send(self) -> None:
        self._timer = None
        if self._fault.over:
            self.hurry()
            return
        self._sink.write(self._rest[: self._step])
        del self._rest[: self._step]
        if self._rest:
            self._schedule()
            return
        self._source.resume("slow")
        if self._then is not None:
            self._then()
