"""What the programs of a run were, and the promises about them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

from tests.machine.programs import OPERATIONS

if TYPE_CHECKING:
    from tests.machine.engines import Engine
    from tests.machine.programs import Program

_ENOUGH = 300
"""Below so many programs, shares say nothing."""
_SHARE = 0.10
_RARE = {"restart": 0.005}
_CLONES = 0.05


@dataclass
class Statistics:
    """Counts over the programs that ran to their end."""

    lengths: list[int] = field(default_factory=list)
    effective: Counter[str] = field(default_factory=Counter)
    """In how many programs each operation did something."""
    plain: int = 0
    """Programs that changed no definitions, nor what the engine cannot put back in place."""
    replaced: int = 0
    """Those of them for which a copy was needed."""

    def note(self, program: Program, effective: set[str], *, replaced: bool, engine: Engine) -> None:
        """Count a program that ended well."""
        self.lengths.append(len(program.steps))
        self.effective.update(effective)
        if not program.structural and not effective & engine.copied:
            self.plain += 1
            self.replaced += replaced

    def check(self, engine: Engine) -> None:
        """Check the promises.

        Raises:
            AssertionError: the programs were too short, too poor, or needed too many copies.
        """
        number = len(self.lengths)
        if number < _ENOUGH:
            return
        assert 12 <= median(self.lengths) <= 18, f"median length {median(self.lengths)}"
        names = OPERATIONS.keys() - engine.lacking
        shares = {name: self.effective[name] / number for name in names}
        poor = {name: share for name, share in shares.items() if share < _RARE.get(name, _SHARE)}
        assert not poor, f"operations that too few programs had: {poor}"
        if engine.in_place:
            assert self.replaced < _CLONES * self.plain, f"{self.replaced} copies for {self.plain} programs"

    def __str__(self) -> str:
        number = len(self.lengths)
        if not number:
            return "no program"
        rarest = sorted((self.effective[name] / number, name) for name in OPERATIONS)[:5]
        listed = ", ".join(f"{name} {share:.0%}" for share, name in rarest)
        return (
            f"{number} programs, median length {median(self.lengths):g}; {self.replaced} of {self.plain} "
            f"without definitions needed a copy; rarest: {listed}"
        )
