"""Running one check, and judging what it finds by what the team accepts."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import date
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from seatrial.checks.finding import Finding, Inapplicable, Note
from seatrial.errors import TemplateError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seatrial.checks.ground import Ground
    from seatrial.checks.registry import Check
    from seatrial.config.settings import Accepted


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a check found.

    Attributes:
        check: its name.
        findings: what is wrong.
        accepted: what is wrong and declared in `checks.accept`.
        notes: what is worth reading.
        inapplicable: why there was nothing to look at, or why that could not be done; empty if it was.
        seconds: how long it took.
    """

    check: str
    findings: tuple[Finding, ...] = ()
    accepted: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    inapplicable: str = ""
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong; also where there was nothing to look at, and nobody asked by name."""
        return not self.findings

    def __str__(self) -> str:
        return "\n\n".join(map(str, self.findings))


def run_check(check: Check, ground: Ground, *, today: date | None = None) -> Verdict:
    """Run a check.

    Args:
        check: one of `seatrial.checks.select`.
        ground: the server of the run.
        today: the day by which accepted findings are judged.

    Raises:
        SeatrialError: the check could not be done, for another reason than the project's own migrations.
    """
    started = time.perf_counter()
    findings: list[Finding] = []
    notes: list[str] = []
    inapplicable = ""
    try:
        for said in check.look(ground):
            if isinstance(said, Note):
                notes.append(said.text)
            else:
                findings.append(said)
    except TemplateError as error:
        inapplicable = error.message
        findings.append(_not_done(check, error))
    except Inapplicable as why:
        inapplicable = str(why)
        if check.must_apply:
            findings.append(_nothing_to_look_at(check, inapplicable))
    rules = [rule for rule in ground.settings.checks.accept if rule.check == check.name]
    open_, accepted = _judged(findings, rules, today=today or date.today())  # noqa: DTZ011 (a date as people write it)
    return Verdict(
        check=check.name,
        findings=tuple(open_),
        accepted=tuple(accepted),
        notes=tuple(notes),
        inapplicable=inapplicable,
        seconds=time.perf_counter() - started,
    )


def not_done(check: Check, error: TemplateError) -> Verdict:
    """The verdict on a check that the project's own migrations or seeds prevent."""
    return Verdict(check=check.name, findings=(_not_done(check, error),), inapplicable=error.message)


def _judged(
    findings: Sequence[Finding], rules: Sequence[Accepted], *, today: date
) -> tuple[list[Finding], list[Finding]]:
    """What is left of the findings with what no longer holds of the rules, and what is accepted."""
    left: list[Finding] = []
    accepted: list[Finding] = []
    used: set[int] = set()
    for finding in findings:
        rule = next((rule for rule in rules if fnmatchcase(finding.where, rule.where)), None)
        if rule is None:
            left.append(finding)
            continue
        used.add(id(rule))
        if rule.until < today:
            left.append(_expired(finding, rule))
        else:
            accepted.append(finding)
    left += [_unused(rule) for rule in rules if id(rule) not in used]
    return left, accepted


def _expired(finding: Finding, rule: Accepted) -> Finding:
    return replace(finding, what=f"{finding.what} (accepted until {rule.until}: {rule.reason})")


def _unused(rule: Accepted) -> Finding:
    return Finding(
        where=rule.where,
        what=f"checks.accept says that {rule.check} finds this; it does not any more",
        remedy="remove the entry",
    )


def _not_done(check: Check, error: TemplateError) -> Finding:
    """What a check stands on is the project's own, and broken: that is a finding like any other."""
    return Finding(
        where=check.name,
        what=f"expected that it can be done; {error.message}",
        remedy=error.remedy,
        detail=error.detail,
    )


def _nothing_to_look_at(check: Check, why: str) -> Finding:
    return Finding(
        where=check.name,
        what=f"it was asked for by name, and there is nothing to look at: {why}",
        remedy="take it out of what is run, or correct what it looks for",
    )
