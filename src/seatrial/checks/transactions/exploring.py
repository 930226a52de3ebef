"""Which interleavings are run: all with few switches, in a fixed order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seatrial.checks.transactions.calls import Call


@dataclass
class _Decision:
    options: list[str]
    taken: int = 0
    switches: int = 0


@dataclass
class Explorer:
    """Walks through all ways in which calls can take turns, depth first.

    A call that could go on and has to let another one go first is a switch. Nearly every fault of two
    transactions needs one or two of them; without that limit there are too many ways.

    Args:
        switches: how many there may be in one run.
    """

    switches: int
    _path: list[_Decision] = field(default_factory=list)
    _depth: int = 0
    _used: int = 0

    def begin(self) -> None:
        """A run begins."""
        self._depth = self._used = 0

    def choose(self, ready: Sequence[Call], last: Call | None) -> Call:
        """Say who goes on."""
        by_name = {call.name: call for call in ready}
        goes_on = last is not None and last.name in by_name
        if self._depth == len(self._path):
            self._path.append(_Decision(self._options(by_name, last), switches=self._used))
        decision = self._path[self._depth]
        name = decision.options[decision.taken]
        if name not in by_name:
            # It went another way than last time: what follows is explored from here.
            name = next(iter(self._options(by_name, last)))
            self._path[self._depth :] = [_Decision([name], switches=self._used)]
        self._depth += 1
        self._used += goes_on and last is not None and name != last.name
        return by_name[name]

    def advance(self) -> bool:
        """Go to the next way; whether there is one."""
        del self._path[self._depth :]
        while self._path:
            decision = self._path[-1]
            if decision.taken + 1 < len(decision.options):
                decision.taken += 1
                return True
            self._path.pop()
        return False

    def _options(self, ready: dict[str, Call], last: Call | None) -> list[str]:
        if last is None or last.name not in ready:
            return list(ready)
        # Before its first statement nobody has seen anything of it: as if it had not begun.
        if self._used >= self.switches or ready[last.name].passed == 0:
            return [last.name]
        return [last.name, *(name for name in ready if name != last.name)]
