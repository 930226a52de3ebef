"""What the next calls of a fake meet instead of their ordinary answer."""

from __future__ import annotations

import asyncio
import math
import threading
from dataclasses import dataclass
from html import escape

from seatrial.errors import FakeError

_FIRST_STATUS = 200
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
class Page:
    """Answer with a page of HTML, as gateways and sign-in walls do."""

    status: int
    title: str

    def __str__(self) -> str:
        return f"answer_html({self.status})"

    @property
    def html(self) -> str:
        """The page."""
        title = escape(self.title)
        return f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"


@dataclass(frozen=True, kw_only=True)
class Delay:
    """Answer after a pause, in seconds; None means not before the next reset."""

    seconds: float | None

    def __str__(self) -> str:
        return "hang()" if self.seconds is None else f"delay({self.seconds:g})"


@dataclass(frozen=True, kw_only=True)
class Cut:
    """End the connection after so many bytes of the body; None: before any byte of the answer.

    A reset is what a crashed peer or a firewall sends; without it the connection is closed in order, in the
    middle of the answer.
    """

    after: int | None
    reset: bool

    def __str__(self) -> str:
        name = "reset_connection" if self.reset else "drop_connection"
        return f"{name}()" if self.after is None else f"{name}(after={self.after})"


@dataclass(frozen=True, kw_only=True)
class Slowness:
    """Send the body at so many bytes per second."""

    bytes_per_second: float

    def __str__(self) -> str:
        return f"slow({self.bytes_per_second:g})"


Fault = Refusal | Page | Delay | Cut | Slowness


def refusal(status: int, *, retry_after: float | None) -> Refusal:
    """A checked `Refusal`.

    Raises:
        FakeError: `status` is no error status, or `retry_after` is negative.
    """
    if not (_is_whole(status) and _is_error(status)):
        raise FakeError(
            f"fail() expects an error status from 400 to 599, found {status!r}.",
            code="fakes.status",
            remedy="Use reply() for an answer that succeeds, or name a 4xx or 5xx status.",
        )
    if retry_after is not None and not (_is_number(retry_after) and retry_after >= 0):
        raise FakeError(
            f"fail() expects retry_after in seconds, zero or more, found {retry_after!r}.",
            code="fakes.retry-after",
            remedy="Give the number of seconds the client is to wait.",
        )
    return Refusal(status=status, retry_after=retry_after)


def page(status: int, *, title: str) -> Page:
    """A checked `Page`.

    Raises:
        FakeError: `status` is none that an answer can have.
    """
    if not (_is_whole(status) and _FIRST_STATUS <= status <= _LAST_ERROR_STATUS):
        raise FakeError(
            f"answer_html() expects a status from 200 to 599, found {status!r}.",
            code="fakes.status",
            remedy="Use 502 for a gateway, 200 for a page to sign in.",
        )
    return Page(status=status, title=title)


def delay(seconds: float) -> Delay:
    """A checked `Delay`.

    Raises:
        FakeError: `seconds` is negative or no number.
    """
    if not (_is_number(seconds) and seconds >= 0):
        raise FakeError(
            f"delay() expects seconds, zero or more, found {seconds!r}.",
            code="fakes.delay",
            remedy="Give the pause in seconds, or use hang() for a call that gets no answer.",
        )
    return Delay(seconds=seconds)


def cut(after: int | None, *, reset: bool) -> Cut:
    """A checked `Cut`.

    Raises:
        FakeError: `after` is negative or no whole number.
    """
    fault = Cut(after=after, reset=reset)
    if after is not None and not (_is_whole(after) and after >= 0):
        raise FakeError(
            f"{str(fault).partition('(')[0]}() expects after as a number of bytes, found {after!r}.",
            code="fakes.after",
            remedy="Give the bytes of the body that still arrive; without it the connection ends at once.",
        )
    return fault


def slowness(bytes_per_second: float) -> Slowness:
    """A checked `Slowness`.

    Raises:
        FakeError: the rate is not above zero.
    """
    if not (_is_number(bytes_per_second) and bytes_per_second > 0):
        raise FakeError(
            f"slow() expects bytes per second, more than zero, found {bytes_per_second!r}.",
            code="fakes.slow",
            remedy="Give a rate such as 100, or use hang() for a call that gets no answer.",
        )
    return Slowness(bytes_per_second=bytes_per_second)


def _is_error(status: int) -> bool:
    return _FIRST_ERROR_STATUS <= status <= _LAST_ERROR_STATUS


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


@dataclass(kw_only=True)
class _Waiting:
    fault: Fault
    left: int | None
    """Calls that are still to meet it; None: every call until the next reset."""
    met: bool = False


class FaultQueue:
    """Faults waiting for their calls; each call takes one, the first scripted first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[_Waiting] = []
        self._held: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    def add(self, fault: Fault, *, times: int | None) -> None:
        """Let the next `times` calls meet `fault`; None: every call until the next reset.

        Raises:
            FakeError: `times` is below one.
        """
        if times is not None and not (_is_whole(times) and times >= 1):
            raise FakeError(
                f"A fault expects to be met at least once, found times={times!r}.",
                code="fakes.times",
                remedy="Give times=1 or more, or times=None for every call of this test.",
            )
        with self._lock:
            self._waiting.append(_Waiting(fault=fault, left=times))

    def take(self, *, counts: bool = True) -> Fault | None:
        """The fault of this call, if one is waiting.

        Args:
            counts: False for a call that nobody means when they say how many: it meets a fault that lasts,
                and uses up none that is counted.
        """
        with self._lock:
            if not self._waiting:
                return None
            first = self._waiting[0]
            if first.left is not None and not counts:
                return None
            first.met = True
            if first.left is not None:
                first.left -= 1
                if not first.left:
                    self._waiting.pop(0)
            return first.fault

    def pending(self) -> list[str]:
        """Faults that too few calls have met so far, one entry for each call that is missing."""
        with self._lock:
            return [
                str(entry.fault)
                for entry in self._waiting
                for _ in range(int(not entry.met) if entry.left is None else entry.left)
            ]

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
            self._waiting.clear()
            held, self._held = self._held, set()
        for loop, released in held:
            loop.call_soon_threadsafe(released.set)
