"""Do several calls at once leave what they would leave one after the other?"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seatrial.checks.transactions.exploring import Explorer
from seatrial.checks.transactions.hooks import Hooks
from seatrial.checks.transactions.observer import Observer
from seatrial.checks.transactions.running import Director, numbered
from seatrial.checks.transactions.sqlstates import named, sqlstate_of
from seatrial.checks.transactions.workers import LoopThread
from seatrial.checks.transactions.world import World
from seatrial.errors import TransactionError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from seatrial.checks.transactions.calls import Call, Run
    from seatrial.checks.transactions.running import Ran

    Declared = str | int | type[BaseException]

_WORKS = "works"
_FIRST_OF_ERRORS = 400


@dataclass(frozen=True, kw_only=True)
class Explored:
    """What was run.

    Attributes:
        runs: how many interleavings.
        complete: whether these were all with as many switches as were asked for.
        errors: which errors were met, and how often.
    """

    runs: int
    complete: bool
    errors: dict[str, int]


@dataclass(frozen=True)
class _Outcome:
    """How each call ended, and what is in the database then."""

    ends: tuple[tuple[str, str], ...]
    state: Any


def assert_serializable(
    *calls: Callable[[], Any],
    url: str,
    prepare: str | Callable[[], Any],
    state: str | Callable[[], Any],
    errors: Collection[Declared] = (),
    switches: int = 2,
    at_most: int = 500,
    timeout: float = 10.0,
    run: Run | None = None,
) -> Explored:
    """Run calls of your own functions at the same time, in every order of their statements that matters.

    Each run begins with `prepare`. The calls are stopped before each statement and each commit, and let go
    one at a time. What is in the database in the end has to be what some order of whole calls leaves; a call
    that ended with one of `errors` must have left nothing.

    Args:
        calls: two or more functions without arguments, asynchronous or not, that open sessions of their own
            or use one each: `lambda: transfer(1, 2, 10)`. Also requests: `lambda: client.post("/transfers")`.
        url: of the database: `db.url()`.
        prepare: statements that make the state every run begins with, or a function.
        state: a SELECT, with ORDER BY, that shows what the calls may change; or a function that returns it.
        errors: how a call may end: SQLSTATEs (`"40001"`), types of exceptions, statuses of answers (409).
        switches: how often in one run a call that could go on has to let another one go first.
        at_most: how many runs there are at most; see `Explored.complete`.
        timeout: seconds that one run may take, and `prepare` and `state` each time.
        run: runs a coroutine to its end, from any thread: `run_in_app` for functions that use the engine of
            the running application. Default: in an event loop of its own.

    Raises:
        TransactionError: a run ended in a way that is none of these; it tells the run.
    """
    __tracebackhide__ = True  # what failed is the test's own
    if len(calls) < 2:  # noqa: PLR2004 - nothing to compare with a name
        raise TransactionError(
            f"expected two or more calls, found {len(calls)}",
            code="transactions.calls",
            remedy="hand in functions: lambda: transfer(1, 2, 10)",
        )
    observer, loop, hooks = Observer(url), LoopThread(), Hooks()
    world = World(url, observer, prepare, state, run=run or loop.run, timeout=timeout)
    hooks.install()
    try:
        director = Director(observer, run=run or loop.run, timeout=timeout)
        return _Judge(calls, director, world, tuple(errors)).explore(Explorer(switches), at_most=at_most)
    finally:
        hooks.remove()
        world.close()
        loop.close()
        observer.close()


class _Judge:
    """Compares runs with those in which one call comes after the other."""

    def __init__(
        self,
        calls: Sequence[Callable[[], Any]],
        director: Director,
        world: World,
        errors: tuple[Declared, ...],
    ) -> None:
        self._calls = dict(zip(_names(calls), calls, strict=True))
        self._director = director
        self._world = world
        self._errors = errors
        self._serial: dict[tuple[str, ...], _Outcome] = {}

    def explore(self, explorer: Explorer, *, at_most: int) -> Explored:
        """Run interleavings until one is wrong, or there are no more."""
        __tracebackhide__ = True
        self._try_alone()
        self._try_twice()
        met: dict[str, int] = {}
        for number in itertools.count(1):
            explorer.begin()
            self._world.prepare()
            ran = self._director.run(self._calls, explorer.choose)
            self._judge(ran)
            for call in ran.calls:
                if (end := _end(call)) != _WORKS:
                    met[end] = met.get(end, 0) + 1
            more = explorer.advance()
            if not more or number >= at_most:
                return Explored(runs=number, complete=not more, errors=met)
        raise AssertionError  # pragma: no cover - counting does not end

    def _try_alone(self) -> None:
        """Calls that do not even work alone, or that `state` shows nothing of, could not fail."""
        self._world.prepare()
        before = self._world.look()
        changes = False
        for name in self._calls:
            self._world.prepare()
            self._work_alone(name)
            changes |= self._world.look() != before
        if not changes:
            raise TransactionError(
                f"expected that `state` shows what a call does, found {before!r} before and after each",
                code="transactions.unchanged",
                remedy="select what they change; as a role, or with a setting, that may see it",
            )

    def _try_twice(self) -> None:
        """What differs from run to run by itself would be taken for an anomaly."""
        order = tuple(self._calls)
        (first, again) = (self._one_after_another(order).state for _ in range(2))
        if first != again:
            raise TransactionError(
                f"expected one `state` after two runs in the same order, found {first!r} and {again!r}",
                code="transactions.unstable",
                remedy="leave out of `state` what is new each time, generated keys and times, and let "
                "`prepare` put everything back",
            )

    def _work_alone(self, name: str) -> None:
        (call,) = self._director.run({name: self._calls[name]}, _in_order((name,))).calls
        if _end(call) != _WORKS:
            raise TransactionError(
                f"expected that {name} works alone, found {_described(call)}",
                code="transactions.alone",
                remedy="prepare what it needs, or correct it",
            ) from call.error
        if call.passed < 1:
            raise TransactionError(
                f"expected statements of {name} that could be stopped, found none",
                code="transactions.unseen",
                remedy="use SQLAlchemy, psycopg or asyncpg in this process; a request has to reach an "
                'application of transport "memory"',
            )

    def _judge(self, ran: Ran) -> None:
        __tracebackhide__ = True
        found = _Outcome(tuple((call.name, _end(call)) for call in ran.calls), self._world.look())
        aborted = {call.name for call in ran.calls if self._is_declared(call)}
        rest = tuple(name for name in self._calls if name not in aborted)
        left = _Outcome(tuple(end for end in found.ends if end[0] in rest), found.state)
        if found in self._after_one_another(tuple(self._calls)) or left in self._after_one_another(rest):
            return
        wrong = [call for call in ran.calls if _end(call) != _WORKS and call.name not in aborted]
        story = "\n".join(["the run:", *numbered(ran.story)])
        ends = "\n".join(f"  {call.name}: {_described(call)}" for call in ran.calls)
        if wrong:
            raise TransactionError(
                f"expected that {wrong[0].name} ends as it does when nobody else is there"
                f"{', or with ' + self._declared() if self._errors else ''}, found {_described(wrong[0])}",
                code="transactions.error",
                detail=f"{story}\n{ends}",
                remedy="try it again in the function, take locks in one order, or declare it in `errors`",
            ) from wrong[0].error
        expected = "\n".join(
            f"  {' then '.join(order) or 'none of them'}: {outcome.state!r}"
            for order, outcome in self._serial.items()
            if set(order) == set(rest)
        )
        raise TransactionError(
            "expected what some order of the calls leaves, found something that none leaves",
            code="transactions.not-serializable",
            detail=f"{story}\n{ends}\nfound:\n  {found.state!r}\none after the other:\n{expected}",
            remedy="lock what is read before it is written (FOR UPDATE), write in one statement, or use "
            "SERIALIZABLE and try again at 40001",
        )

    def _after_one_another(self, names: tuple[str, ...]) -> Iterator[_Outcome]:
        for order in itertools.permutations(names):
            if order not in self._serial:
                self._serial[order] = self._one_after_another(order)
            yield self._serial[order]

    def _one_after_another(self, order: tuple[str, ...]) -> _Outcome:
        self._world.prepare()
        functions = {name: self._calls[name] for name in order}
        ran = self._director.run(functions, _in_order(order)) if order else None
        ends = {call.name: _end(call) for call in ran.calls} if ran is not None else {}
        in_place = tuple((name, ends[name]) for name in self._calls if name in ends)
        return _Outcome(in_place, self._world.look())

    def _is_declared(self, call: Call) -> bool:
        status = getattr(call.result, "status_code", None)
        types = tuple(each for each in self._errors if isinstance(each, type))
        return (
            (call.error is not None and sqlstate_of(call.error) in self._errors)
            or (call.error is not None and isinstance(call.error, types))
            or (isinstance(status, int) and status in self._errors)
        )

    def _declared(self) -> str:
        return ", ".join(each.__name__ if isinstance(each, type) else str(each) for each in self._errors)


def _in_order(order: Sequence[str]) -> Callable[[Sequence[Call], Call | None], Call]:
    return lambda ready, _: min(ready, key=lambda call: order.index(call.name))


def _names(calls: Sequence[Callable[[], Any]]) -> list[str]:
    """A name for each call: that of its function, where it has one that tells it from the others."""
    names = [getattr(call, "__name__", "call") for call in calls]
    if "<lambda>" in names or len(set(names)) < len(names):
        return [f"call {number}" for number in range(1, len(calls) + 1)]
    return names


def _end(call: Call) -> str:
    """How a call ended, in a form that is the same in every run."""
    if call.error is not None:
        return sqlstate_of(call.error) or f"{type(call.error).__module__}.{type(call.error).__qualname__}"
    status = getattr(call.result, "status_code", None)
    return f"status {status}" if isinstance(status, int) and status >= _FIRST_OF_ERRORS else _WORKS


def _described(call: Call) -> str:
    if call.error is not None:
        return named(call.error)
    end = _end(call)
    return end if end != _WORKS else "worked"
