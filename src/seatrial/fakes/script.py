"""What the next calls of a fake meet instead of their ordinary answer."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from dataclasses import dataclass

from seatrial.errors import FakeError

_FIRST_ERROR_STATUS = 400
_LAST_ERROR_STATUS = 599


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Answer with an error status."""

    status: int
    retry_after: float | None = None

    def __str__(self) -> str:
        return f"fail({self.status})"


@dataclass(frozen=True, kw_only=True)
class Delay:
    """Answer after a pause, in seconds; None means not before the next reset."""

    seconds: float | None

    def __str__(self) -> str:
        return "hang()" if self.seconds is None else f"delay({self.seconds})"


Fault = Refusal | Delay


def refusal(status: int, *, retry_after: float | None) -> Refusal:
    """A checked `Refusal`.

    Raises:
        FakeError: `status` is no error status, or `retry_after` is negative.
    """
    if not _FIRST_ERROR_STATUS <= status <= _LAST_ERROR_STATUS:
        raise FakeError(
            f"fail() expects an error status from 400 to 599, found {status}.",
            code="fakes.status",
            remedy="Use reply() for an answer that succeeds, or name a 4xx or 5xx status.",
        )
    if retry_after is not None and retry_after < 0:
        raise FakeError(
            f"fail() expects retry_after in seconds, zero or more, found {retry_after}.",
            code="fakes.retry-after",
            remedy="Give the number of seconds the client is to wait.",
        )
    return Refusal(status=status, retry_after=retry_after)


class FaultQueue:
    """Faults waiting for their calls; each call takes one, the first scripted first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: deque[Fault] = deque()
        self._held: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    def add(self, fault: Fault, *, times: int) -> None:
        """Let the next `times` calls meet `fault`.

        Raises:
            FakeError: `times` is below one.
        """
        if times < 1:
            raise FakeError(
                f"A fault expects to be met at least once, found times={times}.",
                code="fakes.times",
                remedy="Give times=1 or more; reset() removes faults.",
            )
        with self._lock:
            self._faults.extend([fault] * times)

    def take(self) -> Fault | None:
        """The fault of this call, if one is waiting."""
        with self._lock:
            return self._faults.popleft() if self._faults else None

    def pending(self) -> list[str]:
        """Faults no call has met yet, as they were written."""
        with self._lock:
            return [str(fault) for fault in self._faults]

    async def hold(self) -> None:
        """Keep this call unanswered until `clear`."""
        held = (asyncio.get_running_loop(), asyncio.Event())
        with self._lock:
            self._held.add(held)
        try:
            await held[1].wait()
        finally:
            with self._lock:
                self._held.discard(held)

    def clear(self) -> None:
        """Forget the faults and let go of every call that is held."""
        with self._lock:
            self._faults.clear()
            held, self._held = self._held, set()
        for loop, released in held:
            loop.call_soon_threadsafe(released.set)
