"""The faults that wait for uses of one service, and who meets which."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from seatrial.tcp.effects import Act, Cut, Hang, Refuse, checked_times

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from seatrial.tcp.effects import Effect

_DAMAGING = (Act, Cut, Hang, Refuse)


class Fault:
    """One fault of a test. As a `with` block it is met by every use until the block ends.

    Attributes:
        met: how many uses have met it so far.
    """

    def __init__(self, effect: Effect, *, times: int | None, end: Callable[[Fault], None]) -> None:
        self.effect = effect
        self.met = 0
        self.over = False
        self._times = checked_times(times)
        self._left = self._times
        self._end = end

    @property
    def is_limited(self) -> bool:
        """Whether it is for a number of uses, and not for as long as it lasts."""
        return self._left is not None

    @property
    def is_used_up(self) -> bool:
        """Whether no further use meets it."""
        return self._left == 0

    def take(self) -> None:
        """A use meets it."""
        self.met += 1
        if self._left is not None:
            self._left -= 1

    def give_back(self) -> None:
        """The use did not meet it after all."""
        self.met -= 1
        if self._left is not None:
            self._left += 1

    def __enter__(self) -> Self:
        self._times = self._left = None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end(self)

    def __str__(self) -> str:
        text = str(self.effect)
        if self._times in (None, 1):
            return text
        return f"{text[:-1]}{', ' if text[-2] != '(' else ''}times={self._times})"

    def __repr__(self) -> str:
        return f"<{self}: met {self.met} times>"


class Script:
    """What a test has asked for. Safe to use from any thread.

    Faults for a number of uses are met before those of a block; among equals, the one written first.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []
        self._all: list[Fault] = []
        self.armed = False
        """Whether any fault waits; read without the lock by every use."""
        self.is_open = False
        """Whether the test has asked for something since the last end of all."""

    def add(self, fault: Fault) -> None:
        """Let the next uses meet it."""
        with self._lock:
            self._all.append(fault)
            self.is_open = True
            self._waiting.append(fault)
            self.armed = True

    def take_connection(self) -> Fault | None:
        """The fault that a new connection meets."""
        return self._take(lambda fault: isinstance(fault.effect, Refuse))

    def take_use(self, *, logging_in: bool) -> Fault | None:
        """The fault that a use meets; while a client logs in, only one that is met by everybody."""
        return self._take(
            lambda fault: (
                not isinstance(fault.effect, Refuse)
                and not (logging_in and (fault.is_limited or isinstance(fault.effect, Act)))
            )
        )

    def _take(self, fits_now: Callable[[Fault], bool]) -> Fault | None:
        with self._lock:
            fits = [f for f in self._waiting if fits_now(f)]
            fault = next((f for f in fits if f.is_limited), fits[0] if fits else None)
            if fault is not None:
                fault.take()
                self._drop_used_up()
            return fault

    def give_back(self, fault: Fault) -> None:
        """A fault was taken, and could not be met."""
        with self._lock:
            fault.give_back()
            if fault not in self._waiting and not fault.over:
                self._waiting.insert(0, fault)
                self.armed = True

    def not_met(self, fault: Fault) -> None:
        """A use has taken a fault, and ended before it could do anything."""
        with self._lock:
            fault.met -= 1

    def end(self, fault: Fault) -> None:
        """Nobody meets it any more."""
        with self._lock:
            fault.over = True
            if fault in self._waiting:
                self._waiting.remove(fault)
            self.armed = bool(self._waiting)

    def end_all(self) -> None:
        """The test is over; what was met, and what was not, is still known."""
        with self._lock:
            for fault in self._all:
                fault.over = True
            self._waiting.clear()
            self.armed = self.is_open = False

    def forget(self) -> None:
        """Another test begins."""
        self.end_all()
        with self._lock:
            self._all.clear()

    @property
    def did_damage(self) -> bool:
        """Whether connections may have been broken."""
        with self._lock:
            return any(f.met and isinstance(f.effect, _DAMAGING) for f in self._all)

    def never_met(self) -> list[str]:
        """The faults that no use has met, as they were written."""
        with self._lock:
            return [str(f) for f in self._all if not f.met]

    def _drop_used_up(self) -> None:
        self._waiting = [fault for fault in self._waiting if not fault.is_used_up]
        self.armed = bool(self._waiting)
