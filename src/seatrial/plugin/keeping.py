"""`--seatrial-keep`: the databases of failed tests stay, and the report says how to open them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from seatrial.errors import IsolationError
from seatrial.plugin.state import is_bound

if TYPE_CHECKING:
    from collections.abc import Generator

    from seatrial.trial import Trial

_KEPT = "seatrial_kept"
_TITLE = "seatrial: this test's database after the run"


class Keeping:
    """Copies the database of a test as soon as that has failed, before anything cleans it up.

    Args:
        trial: the trial of this run.
    """

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        self._lines: list[str] = []
        self._kept_here = False

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Keep the database of a test that failed; not where a debugger opens, which needs its sessions."""
        report = yield
        if report.failed and report.when != "teardown" and is_bound(item) and not item.config.option.usepdb:
            self._keep(item.nodeid, report)
        return report

    def _keep(self, test: str, report: pytest.TestReport) -> None:
        try:
            command = self._trial.keep(test)
        except IsolationError as problem:
            report.sections.append((_TITLE, str(problem)))
            return
        if command is not None:
            self._kept_here = True
            report.sections.append((_TITLE, command))
            setattr(report, _KEPT, f"{test}: {command}")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Store what was kept now: a worker that has said that it is finished is not waited for."""
        if self._kept_here:
            self._trial.close()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect what was kept, wherever that was."""
        line = getattr(report, _KEPT, None)
        if line is not None:
            self._lines.append(line)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say once more how to open each."""
        if self._lines:
            terminalreporter.write_sep("-", "seatrial: kept databases")
            for line in self._lines:
                terminalreporter.write_line(line)
