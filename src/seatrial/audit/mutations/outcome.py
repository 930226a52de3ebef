"""What became of a mutant."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from seatrial.audit.mutations.mutant import Mutant

State = Literal["killed", "compared", "refused", "survived"]


@dataclass
class Killed:
    """A test that failed on a mutant.

    Attributes:
        test: its id.
        why: the first line of what it said.
        compares: whether it looks at definitions.
    """

    test: str
    why: str
    compares: bool


@dataclass
class Outcome:
    """What became of a mutant.

    Attributes:
        mutant: which.
        killers: the first test that failed of each group of tests.
        tried: how many tests ran.
        files: the files whose tests touch it -> whether one of them failed; without those that compare.
        unbuildable: why the server refused to make it; empty if it was made.
    """

    mutant: Mutant
    killers: list[Killed] = field(default_factory=list)
    tried: int = 0
    files: dict[str, bool] = field(default_factory=dict)
    unbuildable: str = ""

    @property
    def by_behaviour(self) -> Killed | None:
        """The first test that failed without looking at definitions."""
        return next((killer for killer in self.killers if not killer.compares), None)

    @property
    def state(self) -> State:
        """Killed by behaviour; by a comparison of schemas only; refused by the server; or alive."""
        if self.unbuildable:
            return "refused"
        if self.by_behaviour is not None:
            return "killed"
        return "compared" if self.killers else "survived"

    @property
    def passes(self) -> bool:
        """Whether the suite is good enough for this mutant."""
        if self.mutant.kind.dies_by_behaviour:
            return self.state in ("killed", "refused")
        return self.state != "survived"
