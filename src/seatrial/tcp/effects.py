"""What a use of a service can meet, as values that were checked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seatrial.errors import FakeError

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Latency:
    """The use reaches the service so many seconds later."""

    seconds: float

    def __str__(self) -> str:
        return f"latency({self.seconds:g})"


@dataclass(frozen=True)
class Hang:
    """The use reaches nobody, and its connection stays open."""

    def __str__(self) -> str:
        return "hang()"


@dataclass(frozen=True)
class Cut:
    """The connection ends after so many bytes of the answer; 0: before the service has heard of the use.

    A reset is what a crashed peer or a firewall sends; without it the connection is closed in order.
    """

    after_bytes: int
    reset: bool

    def __str__(self) -> str:
        name = "reset" if self.reset else "drop"
        return f"{name}(after_bytes={self.after_bytes})" if self.after_bytes else f"{name}()"


@dataclass(frozen=True)
class Slow:
    """The answer comes at so many bytes per second."""

    bytes_per_second: float

    def __str__(self) -> str:
        return f"slow({self.bytes_per_second:g})"


@dataclass(frozen=True)
class Act:
    """The service itself ends the session.

    Attributes:
        written: how a test writes it.
        act: is given the port from which the proxy reaches the service, in a thread; tells whether there
            was a session. Where there was none, the use passes and the fault waits for another.
    """

    written: str
    act: Callable[[int], bool]

    def __str__(self) -> str:
        return self.written


@dataclass(frozen=True)
class Refuse:
    """A new connection is reset before a byte passes."""

    def __str__(self) -> str:
        return "refuse()"


Effect = Latency | Hang | Cut | Slow | Act | Refuse


def latency(seconds: float) -> Latency:
    """A checked `Latency`.

    Raises:
        FakeError: `seconds` is negative or no number.
    """
    if not (_is_number(seconds) and seconds >= 0):
        raise _wrong(
            f"latency() expects seconds, zero or more, found {seconds!r}.",
            "Give the delay of a round trip in seconds, or use hang() for one that never ends.",
        )
    return Latency(seconds)


def cut(after_bytes: int, *, reset: bool) -> Cut:
    """A checked `Cut`.

    Raises:
        FakeError: `after_bytes` is negative or no whole number.
    """
    if not _is_whole(after_bytes) or after_bytes < 0:
        raise _wrong(
            f"{'reset' if reset else 'drop'}() expects after_bytes, zero or more, found {after_bytes!r}.",
            "Give the number of bytes of the answer that still arrive; 0 ends the connection at once.",
        )
    return Cut(after_bytes, reset)


def slow(bytes_per_second: float) -> Slow:
    """A checked `Slow`.

    Raises:
        FakeError: the rate is not above zero.
    """
    if not (_is_number(bytes_per_second) and bytes_per_second > 0):
        raise _wrong(
            f"slow() expects bytes per second, more than zero, found {bytes_per_second!r}.",
            "Give a rate such as 1000, or use hang() for an answer that never comes.",
        )
    return Slow(bytes_per_second)


def checked_times(times: int | None) -> int | None:
    """How many uses meet a fault; None: all that there are.

    Raises:
        FakeError: less than one.
    """
    if times is not None and (not _is_whole(times) or times < 1):
        raise _wrong(
            f"A fault expects to be met at least once, found times={times!r}.",
            "Give times=1 or more, or times=None for the rest of the test.",
        )
    return times


def _wrong(message: str, remedy: str) -> FakeError:
    return FakeError(message, code="faults.argument", remedy=remedy)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
