"""Calls of a team's functions that stop before each statement until it is their turn."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import threading
from typing import TYPE_CHECKING, Any, Literal

from seatrial.app.origin import CALLER, CURRENT
from seatrial.errors import TransactionError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    Run = Callable[[Coroutine[Any, Any, Any]], Any]

_BEGIN = "begins"


class Call:
    """One call in one run.

    It is over when its function has returned, and what that has begun in the application has ended: the
    commit of a dependency comes after the answer. Whoever works for it even later is not stopped.

    Args:
        name: what messages call it.
        function: what is called, asynchronous or not.
        run: runs a coroutine to its end.
        board: is told of everything that changes.

    Attributes:
        state: `paused` before a statement, `running`, or `over`.
        next: the statement before which it is paused.
        pid: the server's process of the connection it has used last; 0 before.
        passed: how many statements it was let do.
        error: what it raised; None if it has not.
        result: what it returned.
        misuse: why it cannot be run step by step.
    """

    def __init__(
        self, name: str, function: Callable[[], Any], *, run: Run, board: threading.Condition
    ) -> None:
        self.name = name
        self.state: Literal["paused", "running", "over"] = "running"
        self.next = _BEGIN
        self.pid = 0
        self.pids: set[int] = set()
        self.passed = -1
        self.result: Any = None
        self.error: BaseException | None = None
        self.misuse: TransactionError | None = None
        self._function = function
        self._run = run
        self._board = board
        self._free = False
        self._wakes: set[Callable[[], object]] = set()
        self._returned = False
        self._at_work: set[object] = set()
        self._thread = threading.Thread(target=self._work, name=f"seatrial-call-{name}", daemon=True)
        self._thread.start()

    # --- for whoever directs the calls -------------------------------------------------------------------

    def go(self) -> None:
        """Let it do its next statement."""
        with self._board:
            self.passed += 1
            self._release()

    def set_free(self) -> None:
        """Let it go on to its end."""
        with self._board:
            self._free = True
            self._release()

    def join(self, seconds: float) -> bool:
        """Wait for its end; whether it has come."""
        with self._board:
            over = self._board.wait_for(lambda: self.state == "over", seconds)
        if over:
            self._thread.join()
        return over

    def _release(self) -> None:
        if self.state == "paused":
            self.state = "running"
        for wake in self._wakes:
            wake()
        self._board.notify_all()

    # --- told by the application, see `seatrial.app.origin.Caller` ---------------------------------------

    def begun(self, what: object) -> None:
        """Something is at work for it."""
        with self._board:
            self._at_work.add(what)

    def ended(self, what: object) -> None:
        """This is not any more."""
        with self._board:
            self._at_work.discard(what)
            self._end()

    def _end(self) -> None:
        if self._returned and not self._at_work:
            self.state = "over"
            self._free = True
            self._release()

    # --- in the thread or task of the call ---------------------------------------------------------------

    def pause(self, pid: int, statement: str) -> None:
        """Wait for its turn; blocks.

        Raises:
            TransactionError: this is an event loop, in which the other calls could not go on.
        """
        if not self._free and _in_loop():
            self.misuse = _blocks_the_loop(self.name, statement)
            raise self.misuse
        with self._board:
            self._arrive(pid, statement)
            while self.state == "paused" and not self._free:
                self._board.wait()

    async def pause_async(self, pid: int, statement: str) -> None:
        """Wait for its turn."""
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()

        def take_turn() -> None:
            if not turn.done():
                turn.set_result(None)

        def wake() -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(take_turn)

        with self._board:
            self._arrive(pid, statement)
            if self._free:
                return
            self._wakes.add(wake)
        try:
            await turn
        finally:
            with self._board:
                self._wakes.discard(wake)
                if self.state == "paused" and not self._wakes:  # it was cancelled while it waited
                    self.state = "running"

    def _arrive(self, pid: int, statement: str) -> None:
        if pid:
            self.pid = pid
            self.pids.add(pid)
        self.next = statement
        if not self._free:
            self.state = "paused"
            self._board.notify_all()

    def _work(self) -> None:
        CALLER.set(self)
        try:
            self.pause(0, _BEGIN)
            result = self._function()
            self.result = self._run(self._within(result)) if inspect.isawaitable(result) else result
        except BaseException as error:  # noqa: BLE001 - it is judged
            self.error = error
        finally:
            with self._board:
                self._returned = True
                self._end()

    async def _within(self, made: Awaitable[Any]) -> Any:
        CALLER.set(self)
        return await made


def current_call() -> Call | None:
    """For which call this thread or task works; the application's, for the one that has asked it."""
    caller = CALLER.get()
    if caller is None and (origin := CURRENT.get()) is not None:
        caller = origin.caller
    return caller if isinstance(caller, Call) else None


def _in_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _blocks_the_loop(name: str, statement: str) -> TransactionError:
    return TransactionError(
        f"{name}: expected that {statement!r} waits in the event loop, found a driver that blocks it",
        code="transactions.mixed",
        remedy="call a function that blocks from a thread, asyncio.to_thread(...), or hand it in as it is",
    )
