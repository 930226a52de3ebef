"""One run of several calls: who goes on is chosen, whoever waits for a lock is left to wait."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seatrial.checks.transactions.calls import Call
from seatrial.errors import TransactionError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from seatrial.checks.transactions.calls import Run
    from seatrial.checks.transactions.observer import Observer

    Choose = Callable[[Sequence[Call], Call | None], Call]

_POLL_S = 0.003
_PATIENCE_S = 1.0
_SECONDS_TO_END = 5.0


@dataclass(frozen=True, kw_only=True)
class Ran:
    """How a run ended.

    Attributes:
        calls: all of them, over.
        story: what happened, a line for each statement.
    """

    calls: tuple[Call, ...]
    story: tuple[str, ...]


class Director:
    """Runs calls at the same time, one statement at a time.

    Args:
        observer: knows who waits for whom.
        run: runs a coroutine to its end.
        timeout: seconds after which nobody waits for a run any more.
    """

    def __init__(self, observer: Observer, *, run: Run, timeout: float) -> None:
        self._observer = observer
        self._run = run
        self._timeout = timeout

    def run(self, functions: Mapping[str, Callable[[], Any]], choose: Choose) -> Ran:
        """Run these calls to their end.

        Args:
            functions: what to call, by the name of the call.
            choose: which of the calls that could go on does, given the one that went last.

        Raises:
            TransactionError: they do not come to an end, or cannot be run step by step.
        """
        board = threading.Condition()
        calls = [Call(name, f, run=self._run, board=board) for name, f in functions.items()]
        story: list[str] = []
        try:
            self._direct(calls, board, choose, story)
        except BaseException:
            self._abandon(calls)
            raise
        misused = next((call.misuse for call in calls if call.misuse is not None), None)
        if misused is not None:
            raise misused
        return Ran(calls=tuple(calls), story=tuple(story))

    def _direct(
        self, calls: Sequence[Call], board: threading.Condition, choose: Choose, story: list[str]
    ) -> None:
        last: Call | None = None
        end = time.monotonic() + self._timeout
        while True:
            waiting = self._settle(calls, board, story, end)
            ready = [call for call in calls if call.state == "paused"]
            if not ready:
                return
            story += [line for line in waiting if line not in story[-len(calls) :]]
            last = choose(ready, last)
            if last.passed >= 0:
                story.append(f"{last.name}: {last.next}")
            last.go()

    def _settle(
        self, calls: Sequence[Call], board: threading.Condition, story: list[str], end: float
    ) -> list[str]:
        """Wait until each call is paused, over, or has to wait for another; who waits for whom.

        A call that waits for something of the process itself, a lock or a pool, is seen by nobody: it gets a
        second, and then the others go on.
        """
        impatient = time.monotonic() + _PATIENCE_S
        while True:
            with board:
                board.wait_for(lambda: all(call.state != "running" for call in calls), _POLL_S)
                moving = [call for call in calls if call.state == "running"]
            if not moving:
                return []
            waits = self._observer.blockers({call.pid for call in moving if call.pid})
            held = [call for call in moving if call.pid in waits and call.state == "running"]
            somebody = any(call.state == "paused" for call in calls)
            free = [call for call in moving if call not in held and call.state == "running"]
            if somebody and (not free or time.monotonic() > impatient):
                names = {call.pid: call.name for call in calls}
                return [f"{call.name} waits for {_named(waits[call.pid], names)}" for call in held]
            if time.monotonic() > end:
                raise self._stuck(moving, waits, story)

    def _stuck(
        self, moving: Sequence[Call], waits: dict[int, set[int]], story: list[str]
    ) -> TransactionError:
        pids = {call.pid for call in moving} | {pid for found in waits.values() for pid in found}
        names = ", ".join(call.name for call in moving)
        return TransactionError(
            f"expected that the calls are over after {self._timeout:g} s, found that they are not: {names}",
            code="transactions.hang",
            detail="\n".join([*numbered(story), *self._observer.describe(pids)]),
            remedy="look at what they wait for: a session of the test that holds a lock, a pool that is too "
            "small for all calls at once, or a lock of the process",
        )

    def _abandon(self, calls: Sequence[Call]) -> None:
        """Let everybody go, and end their sessions where that does not help."""
        for call in calls:
            call.set_free()
        end = time.monotonic() + _SECONDS_TO_END
        while any(not call.join(0) for call in calls) and time.monotonic() < end:
            self._observer.end({pid for call in calls if not call.join(0) for pid in call.pids})
            for call in calls:
                call.join(0.1)


def _named(pids: set[int], names: dict[int, str]) -> str:
    return ", ".join(sorted(names.get(pid, f"session {pid}") for pid in pids))


def numbered(story: Sequence[str]) -> list[str]:
    """The lines of a story, for people."""
    return [f"  {number}. {line}" for number, line in enumerate(story, 1)]
