"""What is wrong with a test, each thing told once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seatrial.errors import IsolationError


class Problems:
    """A list that is read bit by bit, and never says the same twice."""

    def __init__(self) -> None:
        self._untold: list[IsolationError] = []
        self._texts: set[str] = set()

    def add(self, problem: IsolationError) -> None:
        """Note a problem, unless it is known."""
        if str(problem) not in self._texts:
            self._texts.add(str(problem))
            self._untold.append(problem)

    @property
    def known(self) -> bool:
        """Whether anything was noted, told or not."""
        return bool(self._texts)

    def take(self) -> list[IsolationError]:
        """What was noted since the last time, in order."""
        untold, self._untold = self._untold, []
        return untold
