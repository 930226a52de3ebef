"""The header before the run and the summary after it, merged over workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from seatrial.plugin.state import is_bound
from seatrial.report.header import header_lines
from seatrial.report.summary import RunSummary, render

if TYPE_CHECKING:
    from seatrial.plugin.aliases import ShortNames
    from seatrial.plugin.honesty import HonestyPlugin
    from seatrial.plugin.modes import ModesPlugin
    from seatrial.trial import Trial


class Reporting:
    """Collects one summary per process and prints the sum.

    Args:
        trial: the trial of this run.
        names: which short fixture names were left to others.
        honesty: the red-by-default rules, for their counts.
        modes: what was left out because of the mode.
    """

    def __init__(self, trial: Trial, names: ShortNames, honesty: HonestyPlugin, modes: ModesPlugin) -> None:
        self._trial = trial
        self._names = names
        self._honesty = honesty
        self._modes = modes
        self._bound = 0
        self._parts: list[RunSummary] = []

    def pytest_report_header(self) -> list[str]:
        """Where the tests run, and what was passed over on the way to it."""
        return [f"seatrial: {line}" for line in header_lines(self._trial)]

    def pytest_report_collectionfinish(self, config: pytest.Config) -> list[str]:
        """Short fixture names that belong to another plugin in this project."""
        if config.get_verbosity() < 0:
            return []
        kept = [
            f"seatrial: {owner} is installed and not configured here, so {names} are ours"
            for owner, names in _by_owner(self._names.kept)
        ]
        return kept + [
            f"seatrial: {names} belong to {owner} here; ours begin with `seatrial_`"
            for owner, names in _by_owner(self._names.yielded)
        ]

    def pytest_runtest_teardown(self, item: pytest.Item) -> None:
        """Count the tests that used seatrial."""
        self._bound += is_bound(item)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand the figures of this process to whoever prints them."""
        part = RunSummary.of_trial(self._trial, tests=self._bound)
        output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
        if output is not None:
            output["seatrial"] = part.to_json()
        else:
            self._parts.append(part)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take the figures of an xdist worker."""
        part = getattr(node, "workeroutput", {}).get("seatrial")
        if part:
            self._parts.append(RunSummary.from_json(part))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """One short section at the end of the run; none with -q, as pytest then shows no header either."""
        total = RunSummary.merged(self._parts)
        lines = []
        if total.tests:
            lines = [*render(total), f"honesty      {self._honesty.summary.line()}"]
        lines += self._modes.lines()
        if lines and terminalreporter.config.get_verbosity() >= 0:
            terminalreporter.write_sep("-", "seatrial")
            for line in lines:
                terminalreporter.write_line(line)


def _by_owner(names: dict[str, str]) -> list[tuple[str, str]]:
    """Each plugin with the fixtures it has, as one line of a header tells it."""
    owners = sorted(set(names.values()))
    return [
        (owner, ", ".join(f"`{name}`" for name, whose in sorted(names.items()) if whose == owner))
        for owner in owners
    ]
