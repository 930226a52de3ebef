"""Routes that a test scripts: which requests they take, what they answer, how often."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from seatrial.errors import FakeError
from seatrial.fakes.http.answers import Answer, answer, from_result
from seatrial.fakes.http.matching import NOTHING, Conditions
from seatrial.fakes.http.table import Match, Spent
from seatrial.fakes.threads import in_thread

if TYPE_CHECKING:
    from seatrial.fakes.http.paths import PathTemplate
    from seatrial.fakes.request import Request

Function = Callable[["Request"], Any]


@dataclass(kw_only=True)
class _Step:
    answer: Answer | Function
    status: int
    times: int | None
    met: int = 0

    @property
    def left(self) -> int | None:
        return None if self.times is None else self.times - self.met


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a route is, and for how long it holds."""

    method: str
    path: PathTemplate
    conditions: Conditions = field(default_factory=Conditions)
    standing: bool = False
    """Whether it holds for the whole run, and so need not be asked for."""
    order: int = 0


class Route:
    """One scripted route. Its answers are given in order; the last one without `times` stays.

    Args:
        place: which requests it takes.
        check: told of each answer that is known now; raises what is wrong with it.
        documented: whether requests and answers are held against the OpenAPI document.
    """

    def __init__(self, place: Place, *, check: Callable[[Answer], None], documented: bool) -> None:
        self.standing = place.standing
        self.documented = documented
        self._place = place
        self._check = check
        self._lock = threading.Lock()
        self._steps: list[_Step] = []

    def then(
        self,
        function: Function | None = None,
        *,
        status: int = 200,
        json: Any = NOTHING,
        text: str | None = None,
        content: bytes | None = None,
        events: Iterable[Any] | None = None,
        headers: Mapping[str, str] | None = None,
        times: int | None = None,
    ) -> Route:
        """Answer so once the answers before are used up; one before without `times` is given once.

        The arguments are those of `on`.

        Raises:
            FakeError: an argument is wrong, or the OpenAPI document forbids the answer.
        """
        bodies = {"json": json, "text": text, "content": content, "events": events, "headers": headers}
        step = _step(function, status=status, times=times, **bodies)
        if isinstance(step.answer, Answer):
            self._check(step.answer)
        with self._lock:
            if self._steps and self._steps[-1].times is None:
                self._steps[-1].times = 1
            self._steps.append(step)
        return self

    @property
    def labels(self) -> list[str]:
        """How messages name it."""
        conditions = str(self._place.conditions)
        named = f"{self._place.method} {self._place.path.text}"
        return [f"{named} with {conditions}" if conditions else named]

    def match(self, request: Request) -> Match | None:
        """How well it fits; None when the request is another's, or all answers are given."""
        step = self._current()
        if step is None:
            return None
        params = self._fits(request)
        if params is None:
            return None
        finite = self._steps[-1].times is not None
        order = self._place.order if finite else -self._place.order
        return Match(
            rank=(0, len(self._place.path.names), -self._place.conditions.count, int(not finite), order),
            answer=lambda: self._answer(replace(request, path_params=params)),
            documented=self.documented,
            may_refuse=True,
        )

    def spent(self, request: Request) -> bool:
        """Whether it would have taken the request, had its answers not been given."""
        return self._current() is None and self._fits(request) is not None

    def pending(self) -> list[str]:
        """Answers with a number of times that are still to be asked for."""
        if self.standing:
            return []
        with self._lock:
            return [
                f"answer {step.status} to {self.labels[0]} ({step.met} of {step.times} time(s))"
                for step in self._steps
                if step.left
            ]

    def _fits(self, request: Request) -> dict[str, str] | None:
        if request.method != self._place.method or not self._place.conditions.met(request):
            return None
        return self._place.path.match(request.path)

    def _current(self) -> _Step | None:
        with self._lock:
            return next((step for step in self._steps if step.left != 0), None)

    async def _answer(self, request: Request) -> Answer:
        with self._lock:
            step = next((step for step in self._steps if step.left != 0), None)
            if step is None:
                raise Spent
            step.met += 1
        if isinstance(step.answer, Answer):
            return step.answer
        # In a thread: a function that waits, or that calls the application, must not stop the fakes.
        result = await in_thread(step.answer, request)
        if inspect.isawaitable(result):
            result = await result
        return from_result(result, status=step.status)


def _step(function: Function | None, *, status: int, times: Any, **bodies: Any) -> _Step:
    if times is not None and (isinstance(times, bool) or not isinstance(times, int) or times < 1):
        raise _wrong(f"A route expects to answer at least once, found times={times!r}.")
    if function is None:
        return _Step(answer=answer(status=status, **bodies), status=status, times=times)
    if not callable(function):
        raise _wrong(f"A route expects a function of the request, found {type(function).__name__}.")
    if any(body is not None and body is not NOTHING for body in bodies.values()):
        raise _wrong("A route expects either a function or a body, found both.")
    answer(status=status)
    return _Step(answer=function, status=status, times=times)


def _wrong(message: str) -> FakeError:
    return FakeError(
        message,
        code="fakes.route",
        remedy='Write on("POST", "/v1/charges", status=201, json={...}), or a function instead of json.',
    )
