"""The red-by-default rules: what is wrong with a test that passed or was skipped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from seatrial.audit.baseline import EVERY_RULE, LEAK_RULES, Baseline, Rule, Violation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seatrial.audit.skips import SkipRegister
    from seatrial.errors import LeakError

Kind = Literal["unbound", "kept", "uncounted", "xfailed", "declared", "tolerated", "violation"]
"""What became of a test, from harmless to worst; `uncounted` is a test whose module has no counter."""

_OF_THE_CALL: tuple[Rule, ...] = ("no-assertion", "undeclared-skip")

_NO_ASSERTION = (
    "no-assertion: passed without executing one assertion\n"
    "Expected: at least one between setup and teardown; found: 0. What counts: assert, pytest.raises,\n"
    "pytest.warns, and calls named assert..., each when it is reached, also inside a loop or a branch.\n"
    "What to do: assert what the test is about; before a loop, that there is something to loop over."
)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the rules say of one report of one test.

    Args:
        test: the id of the test, its file relative to the settings' folder.
        kind: what became of it.
        rule: the rule broken, for `tolerated` and `violation`.
        cleared: the rules this report proves the test to keep: a baseline entry for them is stale.
        assertions: how many the test executed.
        ran: whether the test's own code ran.
        message: why the report has to fail; empty unless it has to.
    """

    test: str
    kind: Kind
    rule: Rule | None = None
    cleared: tuple[Rule, ...] = ()
    assertions: int = 0
    ran: bool = False
    message: str = ""

    def to_report(self) -> dict[str, Any]:
        """The verdict as plain values, for a report that travels between processes."""
        # Every field is plain already, and asdict() looks into each.
        return {**vars(self), "message": "", "cleared": list(self.cleared)}

    @classmethod
    def from_report(cls, values: dict[str, Any]) -> Verdict:
        """The inverse of `to_report`."""
        return cls(**(values | {"cleared": tuple(values["cleared"])}))


class Judge:
    """Applies the rules to bound tests.

    Args:
        skips: the skips the team declared.
        baseline: the violations it tolerates.
        tolerates_all: every violation is only noted, which is how a first baseline is made.
    """

    def __init__(self, *, skips: SkipRegister, baseline: Baseline, tolerates_all: bool = False) -> None:
        self._skips = skips
        self._baseline = baseline
        self._tolerates_all = tolerates_all

    def skipped(self, test: str, *, reason: str) -> Verdict:
        """A bound test, or a whole file, was skipped."""
        objection = self._skips.objection(test, reason=reason)
        if objection is None:
            return Verdict(test=test, kind="declared", cleared=("undeclared-skip",))
        return self._broken(test, rule="undeclared-skip", message=objection)

    def passed(self, test: str, *, assertions: int | None) -> Verdict:
        """A bound test passed; `assertions` is None where they are not counted."""
        if assertions is None:
            return Verdict(test=test, kind="uncounted", cleared=("undeclared-skip",), ran=True)
        if assertions:
            return Verdict(test=test, kind="kept", cleared=_OF_THE_CALL, assertions=assertions, ran=True)
        return self._broken(test, rule="no-assertion", message=_NO_ASSERTION)

    def failed(self, test: str, *, assertions: int | None) -> Verdict:
        """A bound test failed: it is red already, and proves nothing about its assertions."""
        return Verdict(
            test=test, kind="kept", cleared=("undeclared-skip",), assertions=assertions or 0, ran=True
        )

    def xfailed(self, test: str, *, assertions: int | None) -> Verdict:
        """A bound test carries `xfail`: strictness is the team's, here it is only counted."""
        return Verdict(test=test, kind="xfailed", assertions=assertions or 0)

    def left_behind(self, test: str, leaks: Sequence[LeakError]) -> list[Verdict]:
        """A bound test is over, its fixtures are closed: one verdict for each rule it broke."""
        verdicts = []
        for rule in LEAK_RULES:
            if mine := [str(leak) for leak in leaks if leak.code == rule]:
                verdicts.append(self._broken(test, rule=rule, message="\n\n".join(mine)))
            elif Violation(test, rule) in self._baseline:
                verdicts.append(Verdict(test=test, kind="kept", cleared=(rule,)))
        return verdicts

    def unbound(self, test: str) -> Verdict | None:
        """A test no rule binds; a verdict only if the baseline still lists it."""
        if any(Violation(test, rule) in self._baseline for rule in EVERY_RULE):
            return Verdict(test=test, kind="unbound", cleared=EVERY_RULE)
        return None

    def _broken(self, test: str, *, rule: Rule, message: str) -> Verdict:
        cleared: tuple[Rule, ...] = ("undeclared-skip",) if rule == "no-assertion" else ()
        ran = rule == "no-assertion"
        if self._tolerates_all or Violation(test, rule) in self._baseline:
            return Verdict(test=test, kind="tolerated", rule=rule, cleared=cleared, ran=ran)
        return Verdict(test=test, kind="violation", rule=rule, cleared=cleared, ran=ran, message=message)
