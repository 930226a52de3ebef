"""What a whole run showed: the verdicts added up, and what is wrong with the run rather than with a test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from seatrial.audit.baseline import Baseline, Violation
from seatrial.audit.honesty import Kind, Verdict
from seatrial.audit.skips import toml_line

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from seatrial.config.settings import DeclaredSkip

_SEVERITY = {kind: place for place, kind in enumerate(get_args(Kind))}


@dataclass(frozen=True, kw_only=True)
class HonestySummary:
    """Counts of one run, for its summary.

    Args:
        bound: tests the rules bind, of those that were reported.
        assertions: executed by them.
        declared_skips: skipped, as agreed.
        xfailed: expected failures, which are not judged.
        tolerated: broke a rule and are in the baseline.
        violations: broke a rule, and failed for it.
        uncounted: passed, in a module whose assertions cannot be counted.
    """

    bound: int = 0
    assertions: int = 0
    declared_skips: int = 0
    xfailed: int = 0
    tolerated: int = 0
    violations: int = 0
    uncounted: int = 0

    def line(self) -> str:
        """The counts in one line; those that are zero are left out."""
        parts = [f"{self.bound} bound tests", f"{self.assertions} assertions executed"]
        optional = {
            "declared skips": self.declared_skips,
            "expected failures": self.xfailed,
            "tolerated by the baseline": self.tolerated,
            "violations": self.violations,
            "in modules without assertion counting": self.uncounted,
        }
        return ", ".join(parts + [f"{count} {name}" for name, count in optional.items() if count])


class Findings:
    """Collects verdicts; several of one test (phases, subtests, reruns) count as the worst of them."""

    def __init__(self) -> None:
        self._kinds: dict[str, Kind] = {}
        self._assertions: dict[str, int] = {}
        self._broken: set[Violation] = set()
        self._cleared: set[Violation] = set()
        self._ran = False

    def add(self, verdict: Verdict) -> None:
        """Take in one verdict."""
        test = verdict.test
        known = self._kinds.get(test, "unbound")
        self._kinds[test] = max(known, verdict.kind, key=_SEVERITY.__getitem__)
        self._assertions[test] = max(self._assertions.get(test, 0), verdict.assertions)
        self._cleared.update(Violation(test, rule) for rule in verdict.cleared)
        if verdict.rule is not None:
            self._broken.add(Violation(test, verdict.rule))
        self._ran = self._ran or verdict.ran or verdict.kind == "xfailed"

    def summary(self) -> HonestySummary:
        """The counts so far."""
        kinds = list(self._kinds.values())
        return HonestySummary(
            bound=len(kinds) - kinds.count("unbound"),
            assertions=sum(self._assertions.values()),
            declared_skips=kinds.count("declared"),
            xfailed=kinds.count("xfailed"),
            tolerated=kinds.count("tolerated"),
            violations=kinds.count("violation"),
            uncounted=kinds.count("uncounted"),
        )

    def broken(self) -> frozenset[Violation]:
        """Every rule broken, tolerated or not."""
        return frozenset(self._broken)

    def stale(self, baseline: Baseline) -> frozenset[Violation]:
        """The entries whose test ran in this run without breaking their rule."""
        return frozenset(entry for entry in baseline if entry in self._cleared - self._broken)

    def skipped_all(self) -> bool:
        """Whether there were bound tests and every one of them was skipped."""
        return self.summary().bound > 0 and not self._ran


def empty_run(bound: int) -> str:
    """The text for a run whose bound tests were all skipped."""
    return (
        f"empty-run: all {bound} bound tests were skipped, so the run showed nothing\n"
        "What to do: make one of them run; the agreed reasons are in skips of [tool.seatrial.tests]."
    )


def unused_declarations(skips: Iterable[DeclaredSkip]) -> str:
    """The text for declared skips that name no test."""
    lines = [f"  {toml_line(skip.test, reason=skip.reason, until=skip.until)}" for skip in skips]
    return "\n".join(
        [
            "undeclared-skip: a declared skip matches no collected test",
            *lines,
            "What to do: correct its test, or remove it from skips of [tool.seatrial.tests].",
        ]
    )


def stale_entries(stale: Collection[Violation], *, baseline: Baseline) -> str:
    """The text for baseline entries that are no longer true."""
    return "\n".join(
        [
            f"stale-baseline: {len(stale)} of the entries in {baseline.path.name} no longer apply",
            *(f"  {entry}" for entry in sorted(stale)),
            "What to do: run this, and commit the smaller file:  pytest --seatrial-baseline=shrink",
        ]
    )
