"""Red by default: bound tests that are skipped unannounced or assert nothing fail, and so does an empty run.

Reports are judged where they are made (under xdist: in the worker), once, and carry their verdict with them;
the process that prints the summary adds the verdicts up. Tests that are not bound are left alone.
"""

from __future__ import annotations

import sys
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from seatrial.audit import assertions, baseline as baselines, findings as found
from seatrial.audit.honesty import Judge, Verdict
from seatrial.audit.skips import SkipRegister
from seatrial.errors import SeatrialError, SettingsError
from seatrial.plugin import assertion_counting
from seatrial.plugin.closing import Closing, Unfound, unfound
from seatrial.plugin.reddening import redden, skip_reason
from seatrial.plugin.scope import scope_of
from seatrial.plugin.state import LEAKS

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from pathlib import Path

    from seatrial.config.settings import HonestySettings

BOUND = pytest.StashKey[bool]()
"""Set on every collected test: whether the rules bind it."""

_EXECUTED = pytest.StashKey[int | None]()
_FAILED = pytest.StashKey[bool]()
_LEFT = "seatrial: left behind, found at teardown"
"""pytest shows sections of a teardown with a failed test if their name says so."""
_VERDICTS = "seatrial_verdicts"
_MISSING = "seatrial_missing"


def uses_seatrial_fixture(item: pytest.Item) -> bool:
    """Whether a fixture named `seatrial_...` is among those the test asks for, directly or not."""
    return any(name.startswith("seatrial_") for name in getattr(item, "fixturenames", ()))


class HonestyPlugin:
    """The rules as pytest hooks.

    Args:
        settings: `[tool.seatrial.tests]`.
        root: the folder of the settings; test ids in it and in the baseline are relative to it.
        is_bound: whether a test uses seatrial; tests in `settings.adopt` are bound without asking.

    The option `--seatrial-baseline` (`create` or `shrink`) is read if it is registered.
    """

    def __init__(
        self,
        settings: HonestySettings,
        root: Path,
        is_bound: Callable[[pytest.Item], bool] = uses_seatrial_fixture,
    ) -> None:
        self._settings = settings
        self._root = root.resolve()
        self._is_bound = is_bound
        self._adopted = tuple((self._root / folder).resolve() for folder in settings.adopt)
        self._register = SkipRegister(settings.skips, today=date.today())  # noqa: DTZ011 (a date as people write it)
        self._obstacle: str | None = None
        self._installed = False
        self._collected: set[str] = set()
        self._collected_all = False
        self._real_paths: dict[Path, Path] = {}
        self._files: dict[Path, str] = {}
        self._missing: Unfound | None = None
        self._findings = found.Findings()

    @property
    def summary(self) -> found.HonestySummary:
        """The counts so far; complete at the end of the run, in the process that prints."""
        return self._findings.summary()

    def install(self, config: pytest.Config) -> None:
        """Start counting assertions, in every module imported after this: call it before conftests load."""
        if not self._installed:
            self._installed = True
            self._obstacle = assertion_counting.install(config, root=self._root, folders=self._adopted)

    def pytest_configure(self, config: pytest.Config) -> None:
        """Read the baseline."""
        self.install(config)
        mode = config.getoption("seatrial_baseline", None)
        self._in_worker = hasattr(config, "workerinput")
        path = self._root / self._settings.baseline
        try:
            if mode == "create" and path.exists() and not self._in_worker:
                raise _exists(path)
            baseline = baselines.load(path) if mode != "create" else baselines.Baseline(path=path)
        except SeatrialError as error:
            raise pytest.UsageError(str(error)) from error
        self._baseline = baseline
        self._judge = Judge(skips=self._register, baseline=baseline, tolerates_all=mode == "create")
        self._closing = Closing(findings=self._findings, baseline=baseline, mode=mode)

    def pytest_report_header(self) -> str | None:
        """Say so if a rule cannot be applied."""
        if self._obstacle is None:
            return None
        return f"seatrial: WARNING: tests without assertions are NOT detected, because {self._obstacle}"

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Judge a file that was skipped as a whole."""
        report = yield
        if report.skipped:
            test = self._id(collector)
            self._collected.add(test)
            if self._is_adopted(collector.path) and not collector.config.option.collectonly:
                self._pronounce(report, [self._judge.skipped(test, reason=skip_reason(report))])
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        """Note what there is before anything is deselected, and what of it is bound."""
        for item in items:
            item.stash[BOUND] = self._binds(item)
            self._collected.add(self._id(item))
        self._collected_all = session.testsfailed == 0

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Count what the test itself asserts, between setup and teardown."""
        item.stash[_EXECUTED] = None
        before = assertions.executed()
        try:
            return (yield)
        finally:
            item.stash[_EXECUTED] = assertions.executed() - before

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Judge a test."""
        report = yield
        # What xfail explains is not a skip, and a skip during teardown is one.
        if report.when == "call" or report.skipped:
            verdict = self._verdict(item, report)
            if verdict is not None:
                self._pronounce(report, [verdict])
        elif report.when == "teardown":
            self._judge_leaks(item, report)
        item.stash[_FAILED] = report.failed or (report.when != "setup" and item.stash.get(_FAILED, False))
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add a verdict up, wherever it was made."""
        self._add(report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Add the verdict on a skipped file up, wherever it was made."""
        self._add(report)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Make the run fail for what no single test can fail for."""
        result = yield
        if not self._in_worker and not session.config.option.collectonly:
            narrowed = scope_of(session.config, root=self._root).narrowed
            self._closing.settle(missing=self._missing or self._unfound(session.config), narrowed=narrowed)
            session.testsfailed += len(self._closing.problems)
        return result

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand what this worker did not find to the process that prints."""
        if self._in_worker:
            session.config.workeroutput[_MISSING] = self._unfound(session.config).to_worker_output()  # type: ignore[attr-defined]  # set by xdist

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Receive what a worker did not find; a worker that crashed hands over nothing."""
        values = getattr(node, "workeroutput", {}).get(_MISSING)
        if values is not None:
            self._missing = Unfound.from_worker_output(values, declared=self._settings.skips)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print what made the run red, and what became of the baseline."""
        self._closing.report(terminalreporter)

    def executed(self, item: pytest.Item) -> int | None:
        """How many assertions a test has executed; None where they are not counted."""
        executed = item.stash.get(_EXECUTED, None)
        return executed if executed or self._counts(item) else None

    def _verdict(self, item: pytest.Item, report: pytest.TestReport) -> Verdict | None:
        test = self._id(item)
        if not (item.stash.get(BOUND, False) or self._binds(item)):
            return self._judge.unbound(test)
        executed = item.stash.get(_EXECUTED, None)
        if hasattr(report, "wasxfail"):
            return self._judge.xfailed(test, assertions=executed)
        if report.skipped:
            return self._judge.skipped(test, reason=skip_reason(report))
        if executed is None:
            return None  # a subtest: the test around it is not over
        if report.failed:
            return self._judge.failed(test, assertions=executed)
        return self._judge.passed(test, assertions=executed if executed or self._counts(item) else None)

    def _judge_leaks(self, item: pytest.Item, report: pytest.TestReport) -> None:
        leaks = item.stash.get(LEAKS, None)
        if leaks is None:
            return  # nobody looked
        item.stash[LEAKS] = []
        if report.failed or item.stash.get(_FAILED, False):
            # It is red already, and what it left it may have left because it failed.
            report.sections += [(_LEFT, str(leak)) for leak in leaks]
        else:
            self._pronounce(report, self._judge.left_behind(self._id(item), leaks))

    def _pronounce(
        self, report: pytest.TestReport | pytest.CollectReport, verdicts: Sequence[Verdict]
    ) -> None:
        setattr(report, _VERDICTS, [verdict.to_report() for verdict in verdicts])
        if message := "\n\n".join(verdict.message for verdict in verdicts if verdict.message):
            redden(report, message)

    def _add(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        for values in getattr(report, _VERDICTS, ()):
            self._findings.add(Verdict.from_report(values))

    def _unfound(self, config: pytest.Config) -> Unfound:
        if not self._collected_all:
            return Unfound()
        scope = scope_of(config, root=self._root)
        return unfound(collected=self._collected, scope=scope, baseline=self._baseline, skips=self._register)

    def _binds(self, item: pytest.Item) -> bool:
        # Only functions: what a doctest or another plugin's item does is not for us to judge.
        return isinstance(item, pytest.Function) and (self._is_adopted(item.path) or self._is_bound(item))

    def _is_adopted(self, path: Path) -> bool:
        return any(self._real(path).is_relative_to(folder) for folder in self._adopted)

    def _counts(self, item: pytest.Item) -> bool:
        """Whether the module that holds the test's own code has the counter in it."""
        if self._obstacle is not None:
            return False
        function = getattr(item, "function", None)
        module = sys.modules.get(getattr(function, "__module__", None) or "", getattr(item, "module", None))
        return assertions.is_transformed(module)

    def _id(self, node: pytest.Item | pytest.Collector) -> str:
        """The node's id, its file relative to the settings' folder."""
        _, separator, name = node.nodeid.partition("::")
        return self._file(node.path) + separator + name

    def _file(self, path: Path) -> str:
        # Asked several times for each test: it takes as long as everything else that is done to judge it.
        if path not in self._files:
            real = self._real(path)
            inside = real.is_relative_to(self._root)
            self._files[path] = (real.relative_to(self._root) if inside else real).as_posix()
        return self._files[path]

    def _real(self, path: Path) -> Path:
        # The same file may be named through a link; asking the file system once per file is enough.
        if path not in self._real_paths:
            self._real_paths[path] = path.resolve()
        return self._real_paths[path]


def _exists(path: Path) -> SettingsError:
    return SettingsError(
        f"The baseline {path} exists already, and a baseline can only shrink",
        code="baseline.exists",
        remedy="use --seatrial-baseline=shrink; to start anew, delete the file, which a review will see.",
    )
