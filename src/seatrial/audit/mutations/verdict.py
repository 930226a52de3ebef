"""What outcomes mean for the team: which survivors are declared, and which declarations hold no more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seatrial.audit.mutations.outcome import Outcome
    from seatrial.config.settings import Survivor


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What is wrong, and what is declared.

    Attributes:
        undeclared: mutants that live, and nobody said that they may.
        expired: mutants that live longer than declared, with the declaration.
        declared: mutants that live as declared.
        unneeded: declarations that fit no mutant that lives.
    """

    undeclared: tuple[Outcome, ...]
    expired: tuple[tuple[Outcome, Survivor], ...]
    declared: tuple[tuple[Outcome, Survivor], ...]
    unneeded: tuple[Survivor, ...]

    @property
    def passed(self) -> bool:
        """Whether the suite notices what it should, and the declarations hold."""
        return not (self.undeclared or self.expired or self.unneeded)


def judge(
    outcomes: Sequence[Outcome],
    survivors: Sequence[Survivor],
    *,
    partial: bool = False,
    today: date | None = None,
) -> Verdict:
    """Hold outcomes against what is declared.

    Args:
        outcomes: of all mutants, or of some.
        survivors: what `[[tool.seatrial.audit.survivors]]` declares.
        partial: whether only some mutants were made, so that a declaration may fit another.
        today: the day by which declarations are judged.
    """
    today = today or date.today()  # noqa: DTZ011 (a date as people write it)
    undeclared: list[Outcome] = []
    expired: list[tuple[Outcome, Survivor]] = []
    declared: list[tuple[Outcome, Survivor]] = []
    used: set[int] = set()
    for outcome in outcomes:
        if outcome.passes:
            continue
        rules = [rule for rule in survivors if fnmatchcase(outcome.mutant.name, rule.mutant)]
        if not rules:
            undeclared.append(outcome)
            continue
        used.update(map(id, rules))
        rule = max(rules, key=lambda rule: rule.until)
        (expired if rule.until < today else declared).append((outcome, rule))
    unneeded = () if partial else tuple(rule for rule in survivors if id(rule) not in used)
    return Verdict(
        undeclared=tuple(undeclared), expired=tuple(expired), declared=tuple(declared), unneeded=unneeded
    )
