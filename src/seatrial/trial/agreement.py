"""Whether the application asks the fakes for what they are there for, at its start and in every test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.errors import FakeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from seatrial.fakes import Fakes


class Agreement:
    """What the fakes hold against the running test, each told once.

    Args:
        fakes: the declared fakes; None as long as nobody needed them.
        grace: seconds to wait for answers that are still being sent.
    """

    def __init__(self, fakes: Callable[[], Fakes | None], *, grace: float) -> None:
        self._fakes = fakes
        self._grace = grace
        self._told: list[str] = []

    def begin(self) -> None:
        """Another test begins, with empty fakes."""
        self._told.clear()
        fakes = self._fakes()
        if fakes is not None:
            fakes.reset()

    def at_start(self) -> None:
        """The application has started: what it asked for then concerns every test.

        Raises:
            FakeError: it asked for what no fake serves.
        """
        problems = self._untold(unmet=False)
        if problems:
            raise FakeError(
                "the application asks, when it starts, for what no fake serves",
                code="fakes.disagreement",
                detail=problems,
                remedy="let the fake serve that for the whole run, or see why the application asks for it",
            )

    def with_problems(self, detail: str) -> str:
        """The detail of a start that failed, and what the fakes have to say about it: often the cause."""
        return f"{detail}\n{self._untold(unmet=False)}".strip()

    def after_test(self, *, unmet: bool) -> list[FakeError]:
        """What the fakes hold against the test that is over, its requests being done.

        Args:
            unmet: whether to name also what was scripted and never asked for; a test that failed half way
                has reasons for that.
        """
        problems = self._untold(unmet=unmet)
        if not problems:
            return []
        return [
            FakeError(
                "the fakes and this test do not agree about what the application asks for",
                code="fakes.disagreement",
                detail=problems,
                remedy="script what the application asks for, and only that; or see why it asks otherwise",
            )
        ]

    def _untold(self, *, unmet: bool) -> str:
        fakes = self._fakes()
        held = fakes.problems(grace=self._grace, unmet=unmet) if fakes is not None else []
        problems = [problem for problem in held if problem not in self._told]
        self._told += problems
        return "\n".join(f"  {problem}" for problem in problems)
