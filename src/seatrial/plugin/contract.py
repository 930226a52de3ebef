"""The coverage contract at the end of a run: judged where the run covers all of it, else said why not."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from seatrial.contracts.suite import SuiteRun
from seatrial.errors import ContractError
from seatrial.plugin.scope import scope_of

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from seatrial.contracts import Contract, Judgement

_OUTPUT = "seatrial_deselected"


class ContractPlugin:
    """Collects what became of the tests, and judges the contract when pytest-cov has its data together.

    Args:
        contract: the contract; None in a run that measures nothing, and in the workers of pytest-xdist.
        root: the folder of the settings.
    """

    def __init__(self, contract: Contract | None, *, root: Path) -> None:
        self._contract = contract
        self._root = root.resolve()
        self._suite = SuiteRun()
        self._deselected = 0
        self._judgement: Judgement | None = None
        self._not_judged = "the run was cut short"
        self._error: ContractError | None = None
        self._files: dict[str, Path] = {}

    def pytest_sessionstart(self) -> None:
        """Look at the clock."""
        self._began = time.perf_counter()

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """Count tests that were left out, for whatever reason."""
        self._deselected += len(items)

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what became of a test."""
        if report.outcome not in ("passed", "failed", "skipped"):
            return  # a rerun, which says nothing yet
        xfailed = report.skipped and hasattr(report, "wasxfail")
        self._suite.add(
            report.nodeid,
            self._file_of(report),
            "passed" if xfailed else report.outcome,
            seconds=report.duration if report.when == "call" else None,
        )

    @pytest.hookimpl(trylast=True)
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a file that was skipped as a whole."""
        if report.skipped:
            self._suite.add(report.nodeid, self._file_of(report), "skipped")

    def pytest_configure(self, config: pytest.Config) -> None:
        """Note the folder that ids of tests begin at."""
        self._start = config.rootpath

    # First, so that it is around pytest-cov, whose data are whole only when its own wrapper is through.
    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Judge the contract, and make the run fail if a blocking gate has."""
        result = yield
        config = session.config
        if not hasattr(config, "workerinput") and not config.option.collectonly:
            self._suite.seconds = time.perf_counter() - self._began
            session.testsfailed += self._settle(config)
        return result

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand the count of this worker to the process that judges."""
        output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
        if output is not None:
            output[_OUTPUT] = self._deselected

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take the count of an xdist worker; every worker collects the same tests."""
        self._deselected = max(self._deselected, getattr(node, "workeroutput", {}).get(_OUTPUT, 0))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the table and what is wrong; with -q only what is wrong."""
        config = terminalreporter.config
        quiet = config.get_verbosity() < 0
        if self._judgement is not None:
            _print(terminalreporter, self._judgement, quiet=quiet)
        if self._error is not None:
            terminalreporter.write_line(f"seatrial: {self._error}", red=True)
        elif self._judgement is None and not quiet and not config.option.collectonly:
            why = self._not_judged
            terminalreporter.write_line(f"seatrial: the coverage contract was not judged: {why}")

    def _settle(self, config: pytest.Config) -> bool:
        """Judge the contract if this run can; whether the run has to fail for it."""
        from seatrial.contracts import judge, measure, write_reports  # noqa: PLC0415 - only where one is judged

        controller = _controller(config)
        self._not_judged = self._obstacle(config, controller)
        if self._not_judged or self._contract is None:
            return False
        folder = Path(controller.topdir)
        self._suite.lost = tuple(str(node.gateway.id) for node in controller.failed_workers)
        try:
            measured = measure(controller.cov, folder=folder)
            self._judgement = judge(self._contract, measured, suite=self._suite)
            write_reports(self._contract, controller.cov, folder=folder, done=config.option.cov_report)
        except ContractError as error:
            # What cannot be judged is not kept, whatever the gates say.
            self._error = error
        return self._error is not None or self._judgement is None or not self._judgement.passed

    def _file_of(self, report: pytest.TestReport | pytest.CollectReport) -> Path:
        name = report.nodeid.partition("::")[0]
        if name not in self._files:
            self._files[name] = (self._start / name).resolve()
        return self._files[name]

    def _obstacle(self, config: pytest.Config, controller: Any) -> str:
        """Why this run says nothing about the contract; empty if it does."""
        if controller is None or self._contract is None:
            return "this run did not measure coverage (--cov)"
        if self._deselected:
            tests = "1 test was" if self._deselected == 1 else f"{self._deselected} tests were"
            return f"{tests} deselected"
        scope = scope_of(config, root=self._root)
        if scope.narrowed:
            return "single tests or files were picked"
        there = [name for name in self._contract.test_files if (self._root / name).is_file()]
        left_out = [name for name in there if not scope.covers(name)]
        if left_out:
            more = f" and {len(left_out) - 1} more" if len(left_out) > 1 else ""
            return f"{left_out[0]}{more} of its test files was not asked for"
        return ""


def _controller(config: pytest.Config) -> Any:
    """What pytest-cov measures with; None where it does not."""
    plugin = config.pluginmanager.getplugin("_cov")
    if plugin is None or config.option.no_cov:
        return None
    return plugin.cov_controller


def _print(terminal: pytest.TerminalReporter, judgement: Judgement, *, quiet: bool) -> None:
    from seatrial.contracts import explain  # noqa: PLC0415 - only where one is judged

    if quiet and judgement.passed:
        for gate in judgement.gates:
            if gate.failures:
                terminal.write_line(f"seatrial: coverage contract: gate {gate}")
        return
    told = explain(judgement)
    terminal.write_sep("-", "seatrial: coverage contract")
    for line in told.table:
        terminal.write_line(line)
    for line in told.failures:
        terminal.write_line(line, red=not judgement.passed)
    for line in told.end:
        terminal.write_line(line)
