"""Schedules as they are written in books: one session writes, then another one waits for it."""

from __future__ import annotations

import time
from concurrent.futures import wait
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Self

from seatrial.checks.transactions.links import needs_loop, now, opened, settled
from seatrial.checks.transactions.observer import Observer, plain, short
from seatrial.checks.transactions.sqlstates import named, sqlstate_of
from seatrial.checks.transactions.workers import LoopThread, Worker
from seatrial.errors import TransactionError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from concurrent.futures import Future
    from types import TracebackType

    from seatrial.checks.transactions.links import Link

    What = str | Callable[[Any], Any]
    Run = Callable[[Coroutine[Any, Any, Any]], Any]

ISOLATIONS = ("READ UNCOMMITTED", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE")
_ANY = object()
_POLL_S = 0.002
_SECONDS_TO_END = 5.0


class Step:
    """Something that a session was told to do and may not have done yet.

    Attributes:
        session: who does it.
        text: the statement, or the name of the function.
    """

    def __init__(self, session: ScheduledSession, text: str, future: Future[Any]) -> None:
        self.session = session
        self.text = text
        self._future = future
        self._taken = False

    def __str__(self) -> str:
        return f"{self.session.name}: {self.text}"

    @property
    def is_over(self) -> bool:
        """Whether it has ended, one way or the other."""
        return self._future.done()

    def ends(self, *, gives: Any = _ANY, fails: str | None = None) -> Any:
        """Wait until it is over; what it gave, or the SQLSTATE of its error.

        Args:
            gives: what it has to give: the rows as a list of tuples, how many a statement without rows
                touched, or what a function returned. Default: anything, but no error.
            fails: the SQLSTATE it has to fail with.

        Raises:
            TransactionError: it ends in another way, or waits for a session that will not let it go on.
            Exception: a function raised what is no error of the database.
        """
        __tracebackhide__ = True
        self._taken = True
        schedule = self.session.schedule
        schedule.wait_for(self)
        error = self._future.exception()
        code = sqlstate_of(error)
        if error is not None and code is None:
            raise error
        wanted = f"an error {fails}" if fails else "no error" if gives is _ANY else repr(gives)
        if error is None and fails is None and (gives is _ANY or self._future.result() == gives):
            schedule.note(self, repr(self._future.result()))
            return self._future.result()
        if error is not None and fails == code:
            schedule.note(self, f"failed with {code}")
            return code
        found = named(error) if error is not None else repr(self._future.result())
        raise schedule.error(
            self,
            f"expected {wanted}, found {found}",
            code="transactions.outcome",
            remedy="correct what the step expects, the isolation, or the locks that the functions take",
        ) from error

    def was_taken(self) -> bool:
        """Whether somebody has looked how it ended."""
        return self._taken


class ScheduledSession:
    """One session of a schedule: a connection and a thread of its own. Made by `Schedule.session`."""

    def __init__(
        self, schedule: Schedule, name: str, given: Callable[[], Any], isolation: str | None
    ) -> None:
        self.schedule = schedule
        self.name = name
        self.pid = 0
        self.steps: list[Step] = []
        self._isolation = isolation
        self._closing = AsyncExitStack()
        self._worker = Worker(f"schedule-{name}")
        self._finish: Run = now
        try:
            self._link: Link = self._worker.submit(lambda: self._open(given)).result()
        except BaseException:
            self._worker.end(_SECONDS_TO_END)
            raise

    def _open(self, given: Callable[[], Any]) -> Link:
        what = given()
        self._finish = self.schedule.run if needs_loop(what) else now
        link: Link = self._finish(opened(what, self._closing))
        return link

    def start(self, what: What) -> Step:
        """Begin a step and do not wait for its end: see `Step.ends`.

        Args:
            what: a statement, or a function that is called with the session, asynchronous or not.
        """
        text = short(what) if isinstance(what, str) else getattr(what, "__qualname__", repr(what))
        return self._begin(text, lambda: self._do(what))

    def run(self, what: What, *, gives: Any = _ANY, fails: str | None = None) -> Any:
        """Do a step to its end; see `Step.ends`."""
        __tracebackhide__ = True
        return self.start(what).ends(gives=gives, fails=fails)

    def blocked(self, what: What, *, by: ScheduledSession) -> Step:
        """Begin a step that has to wait for another session; over as soon as the server says that it does.

        Raises:
            TransactionError: it ends instead, or waits for somebody else.
        """
        step = self.start(what)
        self.schedule.wait_until_blocked(step, by)
        return step

    def commit(self, *, fails: str | None = None) -> Any:
        """Commit. A transaction in which a statement has failed is rolled back by the server, as ever."""
        return self._begin("COMMIT", self._link.commit).ends(fails=fails)

    def rollback(self) -> None:
        """Roll back."""
        self._begin("ROLLBACK", self._link.rollback).ends()

    def close(self) -> bool:
        """Roll back and close; whether that could be done in time."""
        closed = self._worker.submit(lambda: self._finish(self._close()))
        ended = self._worker.end(_SECONDS_TO_END)
        return ended and closed.exception() is None

    async def _close(self) -> None:
        try:
            await self._link.rollback()
        finally:
            await self._closing.aclose()

    def _begin(self, text: str, do: Callable[[], Coroutine[Any, Any, Any]]) -> Step:
        if self.steps and not self.steps[-1].is_over:
            raise self.schedule.error(
                self.steps[-1],
                f"expected that it is over before {text!r}, found that it is still running",
                code="transactions.unfinished",
                remedy="wait for it with ends(), after what it waits for",
            )
        step = Step(self, text, self._worker.submit(lambda: self._finish(do())))
        self.steps.append(step)
        return step

    async def _do(self, what: What) -> Any:
        self.pid = await self._link.begin(self._isolation)
        if isinstance(what, str):
            return await self._link.execute(what)
        return await settled(what(self._link.session))


class Schedule:
    """Sessions that do what they are told, one step after the other, on a real server.

    Args:
        url: of the database: `db.url()`. Sessions connect there with psycopg unless `open` says otherwise.
        open: gives a session: a sessionmaker of SQLAlchemy, asynchronous or not; a function that connects
            with psycopg or asyncpg, or takes a connection from a pool.
        isolation: of every transaction, as SQL spells it; None: what the sessions have by themselves.
        name: what errors call the schedule.
        timeout: seconds after which a step is cancelled.
        run: runs a coroutine to its end, from any thread; default: in an event loop of the schedule's own.
            For sessions of the application's engine: `run_in_app`.
    """

    def __init__(
        self,
        url: str,
        *,
        open: Callable[[], Any] | None = None,  # noqa: A002 - the word users know
        isolation: str | None = None,
        name: str = "schedule",
        timeout: float = 10.0,
        run: Run | None = None,
    ) -> None:
        self.name = name
        self._isolation = checked(isolation)
        self._timeout = timeout
        self._observer = Observer(url)
        self._loop = LoopThread()
        self.run: Run = run or self._loop.run
        self._open = open or (lambda: _connect(url))
        self._sessions: list[ScheduledSession] = []
        self._log: list[str] = []

    def session(
        self,
        name: str,
        *,
        isolation: str | None = None,
        open: Callable[[], Any] | None = None,  # noqa: A002 - as above
    ) -> ScheduledSession:
        """Open a session; its transaction begins with its first step, and the next after each end of one.

        Args:
            name: what errors call it.
            isolation: of its transactions, where it differs from the schedule's.
            open: gives it, where it differs.
        """
        made = ScheduledSession(self, name, open or self._open, checked(isolation) or self._isolation)
        self._sessions.append(made)
        return made

    def one_fails(self, sqlstate: str, *steps: Step) -> Step:
        """Wait for steps of which exactly one has to fail, as at a deadlock; gives that one.

        Raises:
            TransactionError: none fails, more than one, or with another SQLSTATE.
        """
        for step in steps:
            self.wait_for(step, stays=True)
        failed = [step for step in steps if step._future.exception() is not None]  # noqa: SLF001 - our own
        codes = {str(step): _outcome(step) for step in steps}
        if len(failed) != 1 or sqlstate_of(failed[0]._future.exception()) != sqlstate:  # noqa: SLF001 - our own
            raise self.error(
                steps[0],
                f"expected that one of {len(steps)} fails with {sqlstate}, found {codes}",
                code="transactions.outcome",
                remedy="correct the schedule: the steps have to wait for one another",
            )
        for step in steps:
            step._taken = True  # noqa: SLF001 - our own
            self.note(step, _outcome(step))
        return failed[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        running = [step for each in self._sessions for step in each.steps if not step.is_over]
        forgotten = [step for each in self._sessions for step in each.steps if not step.was_taken()]
        self._observer.cancel([step.session.pid for step in running])
        stuck = [each for each in self._sessions if not each.close()]
        self._observer.end([each.pid for each in stuck if each.pid])
        self._loop.close()
        self._observer.close()
        if error is None and forgotten:
            raise self.error(
                forgotten[0],
                "expected that somebody looks how it ended, found that nobody did",
                code="transactions.unfinished",
                remedy="call ends() of what blocked() or start() gave",
            )

    # --- for the steps -----------------------------------------------------------------------------------

    def wait_for(self, step: Step, *, stays: bool = False) -> None:
        """Wait until a step is over.

        Args:
            step: the step.
            stays: whether all it may wait for are others that wait, too.
        """
        end = time.monotonic() + self._timeout
        while not step.is_over:
            time.sleep(_POLL_S)
            # Who is idle before the server is asked stays so: only the caller of this gives steps out.
            resting = [each for each in self._sessions if all(step.is_over for step in each.steps)]
            holders = self._observer.blockers([step.session.pid]).get(step.session.pid, set())
            idle = [each for each in resting if each.pid in holders]
            if idle and not stays:
                self._give_up(step)
                raise self.error(
                    step,
                    f"expected that it ends, found that it waits for {idle[0].name}",
                    code="transactions.blocked",
                    remedy=f"if it has to wait there: {step.session.name}.blocked(..., by={idle[0].name})",
                )
            if time.monotonic() > end:
                raise self._hang(step, holders)

    def wait_until_blocked(self, step: Step, by: ScheduledSession) -> None:
        """Wait until the server says that a step waits for another session."""
        end = time.monotonic() + self._timeout
        holders: set[int] = set()
        while by.pid not in holders:
            if step.is_over:
                step._taken = True  # noqa: SLF001 - our own
                raise self.error(
                    step,
                    f"expected that it waits for {by.name}, found that it ended: {_outcome(step)}",
                    code="transactions.not-blocked",
                    remedy="correct the schedule, or let the two take the same lock",
                )
            if time.monotonic() > end:
                raise self._hang(step, holders)
            time.sleep(_POLL_S)
            holders = self._observer.blockers([step.session.pid]).get(step.session.pid, set())
        self.note(step, f"waits for {by.name}")

    def note(self, step: Step, what: str) -> None:
        """Remember how a step ended, for errors."""
        self._log.append(f"  {len(self._log) + 1}. {step} -> {what}")

    def error(self, step: Step, message: str, *, code: str, remedy: str) -> TransactionError:
        """An error that tells the schedule so far."""
        so_far = "\n".join(["so far:", *self._log]) if self._log else ""
        return TransactionError(f"{self.name}: {step}: {message}", code=code, remedy=remedy, detail=so_far)

    def _hang(self, step: Step, holders: set[int]) -> TransactionError:
        seen = self._observer.describe({step.session.pid, *holders})
        self._give_up(step)
        error = self.error(
            step,
            f"expected that it is over after {self._timeout:g} s, found that it is not; it was cancelled",
            code="transactions.hang",
            remedy="look at what it waits for, or give the schedule a longer timeout",
        )
        error.detail = "\n".join([error.detail, *seen]).strip()
        return error

    def _give_up(self, step: Step) -> None:
        step._taken = True  # noqa: SLF001 - our own
        self._observer.cancel([step.session.pid])
        # So that its session can be told what comes next.
        wait([step._future], timeout=_SECONDS_TO_END)  # noqa: SLF001 - our own


def checked(isolation: str | None) -> str | None:
    """An isolation as SQL spells it.

    Raises:
        TransactionError: there is none of that name.
    """
    if isolation is None:
        return None
    name = isolation.upper().replace("_", " ")
    if name not in ISOLATIONS:
        raise TransactionError(
            f"expected an isolation of PostgreSQL, found {isolation!r}",
            code="transactions.isolation",
            remedy=f"write one of {', '.join(ISOLATIONS)}",
        )
    return name


def _connect(url: str) -> Any:
    import psycopg  # noqa: PLC0415 - an extra

    return psycopg.connect(plain(url), connect_timeout=10)


def _outcome(step: Step) -> str:
    error = step._future.exception()  # noqa: SLF001 - our own
    return named(error) if error is not None else repr(step._future.result())  # noqa: SLF001 - our own
