"""The end of a run: what is wrong with the run as a whole, and the baseline file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from seatrial.audit import findings as found
from seatrial.audit.baseline import Baseline, Violation

if TYPE_CHECKING:
    from collections.abc import Collection

    import pytest

    from seatrial.audit.skips import SkipRegister
    from seatrial.config.settings import DeclaredSkip
    from seatrial.plugin.scope import Scope

Mode = Literal["create", "shrink"]


@dataclass(frozen=True, kw_only=True)
class Unfound:
    """What the settings and the baseline name, and the collection did not find."""

    gone: frozenset[Violation] = frozenset()
    unused: tuple[DeclaredSkip, ...] = ()

    def to_worker_output(self) -> dict[str, Any]:
        """Plain values, for xdist."""
        return {
            "gone": [(entry.test, entry.rule) for entry in self.gone],
            "unused": [skip.test for skip in self.unused],
        }

    @classmethod
    def from_worker_output(cls, values: dict[str, Any], *, declared: Collection[DeclaredSkip]) -> Unfound:
        """The inverse of `to_worker_output`."""
        return cls(
            gone=frozenset(Violation(test, rule) for test, rule in values["gone"]),
            unused=tuple(skip for skip in declared if skip.test in values["unused"]),
        )


def unfound(*, collected: Collection[str], scope: Scope, baseline: Baseline, skips: SkipRegister) -> Unfound:
    """Compare what was collected with what is named; what the run did not look for is passed over."""
    return Unfound(
        gone=frozenset(entry for entry in baseline.gone(collected) if scope.covers(entry.test)),
        unused=tuple(skip for skip in skips.without_a_test(collected) if scope.covers(skip.test)),
    )


class Closing:
    """Settles a run that came to its end.

    Args:
        findings: what its tests showed.
        baseline: the tolerated violations.
        mode: what to do with the baseline file; None leaves it alone.
    """

    def __init__(self, *, findings: found.Findings, baseline: Baseline, mode: Mode | None) -> None:
        self._findings = findings
        self._baseline = baseline
        self._mode = mode
        self._settled = False
        self.problems: list[str] = []
        self.notes: list[str] = []

    def settle(self, *, missing: Unfound, narrowed: bool) -> None:
        """Find the problems of the run, and write the baseline if that was asked for.

        Raises:
            SettingsError: the baseline cannot be written.
        """
        self._settled = True
        stale = self._findings.stale(self._baseline) | missing.gone
        if self._mode == "create":
            self._create()
        elif self._mode == "shrink":
            self._shrink(stale)
        elif stale:
            self.problems.append(found.stale_entries(stale, baseline=self._baseline))
        if missing.unused:
            self.problems.append(found.unused_declarations(missing.unused))
        if self._findings.skipped_all() and not narrowed:
            self.problems.append(found.empty_run(self._findings.summary().bound))

    def report(self, terminal: pytest.TerminalReporter) -> None:
        """Print what was found and done; nothing if there is nothing to say."""
        if self._mode is not None and not self._settled:
            self.notes.append(f"--seatrial-baseline={self._mode}: the run was cut short, nothing was written")
        if self.problems:
            terminal.write_sep("=", "seatrial: this run is red", red=True, bold=True)
        for text in self.problems:
            terminal.line(text, red=True)
        for text in self.notes:
            terminal.line(f"seatrial: {text}")

    def _create(self) -> None:
        created = Baseline(path=self._baseline.path, violations=self._findings.broken())
        created.write()
        self.notes.append(f"{created.path.name} written: {len(created.violations)} tolerated violations")

    def _shrink(self, stale: frozenset[Violation]) -> None:
        if not stale:
            self.notes.append(f"{self._baseline.path.name} unchanged: every entry still applies")
            return
        smaller = self._baseline.without(stale)
        smaller.write()
        removed = "".join(f"\n  {entry}" for entry in sorted(stale))
        self.notes.append(
            f"{smaller.path.name} shrunk: {len(smaller.violations)} entries left, removed:{removed}"
        )
