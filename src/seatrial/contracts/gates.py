"""The gates of a contract: what it lets through, what it only remarks on, and what it stops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from seatrial.contracts.model import Contract, Severity
    from seatrial.contracts.suite import SuiteRun

_NAMED = 3


@dataclass(frozen=True, kw_only=True)
class Gate:
    """What became of one gate.

    Args:
        name: its key in the contract.
        severity: what follows if it failed.
        failures: why it failed; empty if it did not.
    """

    name: str
    severity: Severity
    failures: tuple[str, ...]

    @property
    def blocks(self) -> bool:
        """Whether the run has to fail for it."""
        return bool(self.failures) and self.severity == "blocking"

    def __str__(self) -> str:
        if not self.failures:
            return f"{self.name}: passed"
        word = "FAILED" if self.blocks else "warning"
        return f"{self.name}: {word} ({self.severity}): {'; '.join(self.failures)}"


def gates_of(contract: Contract, *, missed: int, problems: int, suite: SuiteRun | None) -> tuple[Gate, ...]:
    """The gates that can be judged: without `suite` that of coverage alone.

    Args:
        contract: the contract.
        missed: how many modules have a problem.
        problems: how many problems belong to no module.
        suite: the tests of the run.
    """
    coverage = Gate(
        name="coverage",
        severity=contract.gates.coverage,
        failures=_coverage(missed, len(contract.modules), problems),
    )
    if suite is None:
        return (coverage,)
    tests = Gate(
        name="no_failure_no_skip",
        severity=contract.gates.no_failure_no_skip,
        failures=(
            *_tests(contract, suite.failed, "failed"),
            *_tests(contract, suite.skipped, "skipped"),
        ),
    )
    duration = Gate(
        name="duration",
        severity=contract.gates.duration,
        failures=(*_suite(contract, suite), *_slow(contract, suite)),
    )
    return coverage, tests, duration


def _coverage(missed: int, modules: int, problems: int) -> tuple[str, ...]:
    failures = []
    if missed:
        failures.append(f"{missed} of {modules} modules")
    if problems:
        failures.append("1 further problem" if problems == 1 else f"{problems} further problems")
    return tuple(failures)


def _tests(contract: Contract, found: Mapping[str, Path], what: str) -> tuple[str, ...]:
    """Tests of the contract's test files that did not pass."""
    files = {(contract.root / name).resolve() for name in contract.test_files}
    tests = sorted(test for test, file in found.items() if file in files)
    if not tests:
        return ()
    more = f" and {len(tests) - _NAMED} more" if len(tests) > _NAMED else ""
    return (f"{what}: {', '.join(tests[:_NAMED])}{more}",)


def _suite(contract: Contract, suite: SuiteRun) -> tuple[str, ...]:
    limit = contract.execution.suite_seconds
    if limit is None or suite.seconds <= limit:
        return ()
    return (f"the run took {suite.seconds:.1f} s, expected at most {limit:g} s",)


def _slow(contract: Contract, suite: SuiteRun) -> tuple[str, ...]:
    limit = contract.execution.test_seconds
    slow = {test: took for test, took in suite.durations.items() if limit is not None and took > limit}
    if not slow:
        return ()
    worst = max(slow, key=slow.__getitem__)
    more = f" and {len(slow) - 1} more" if len(slow) > 1 else ""
    return (f"{worst} took {slow[worst]:.1f} s{more}, expected at most {limit:g} s",)
