"""`--seatrial-ledger=PATH`: every process keeps a record, and they are merged when the run is over."""

from __future__ import annotations

import os
import platform
import time
from typing import TYPE_CHECKING, Any

import pytest

import seatrial
from seatrial.errors import LedgerError
from seatrial.ledger import LedgerFiles, Recorder
from seatrial.ledger.files import not_written
from seatrial.plugin.state import is_bound
from seatrial.trial.recording import Recording

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from seatrial.ledger.events import Outcome, Phase
    from seatrial.plugin.honesty import HonestyPlugin
    from seatrial.trial import Trial

_OUTPUT = "seatrial_ledger"
_FROM_GOOD_TO_BAD: tuple[Outcome, ...] = ("passed", "xpassed", "xfailed", "skipped", "failed", "error")


def open_files(config: pytest.Config, path: Path) -> LedgerFiles:
    """Make this process's part of the ledger, so that a wrong path is told before anything starts.

    Raises:
        pytest.UsageError: nothing can be written there.
    """
    files = LedgerFiles(path, worker=os.environ.get("PYTEST_XDIST_WORKER", "main"))
    try:
        files.open()
    except LedgerError as error:
        raise pytest.UsageError(str(error)) from error
    config.add_cleanup(files.discard)
    return files


def recording_into(files: LedgerFiles) -> Recording:
    """What records the tests of this process."""
    return Recording(Recorder(files.descriptor(), worker=files.worker))


class LedgerPlugin:
    """Merges what the processes of the run have written, and says where it is.

    Args:
        files: the open files.
        recording: what records in this process; None in a controller of xdist, which runs no test.
    """

    def __init__(self, files: LedgerFiles, recording: Recording | None) -> None:
        self._files = files
        self._recording = recording
        self._workers: set[str] = set()
        self._problems: list[str] = []
        self._gaps: list[str] | None = None

    def pytest_configure(self, config: pytest.Config) -> None:
        """Let workers find the same place, whatever folder they start in."""
        config.option.seatrial_ledger = str(self._files.path)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A worker is over, or has crashed."""
        self._workers.add(node.gateway.id)
        problem = getattr(node, "workeroutput", {}).get(_OUTPUT)
        if problem:
            self._problems.append(problem)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Close the part of this process and, where all come together, merge them."""
        problem = self._close()
        output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
        if output is not None:
            output[_OUTPUT] = problem
            self._files.close()
            return
        self._problems += [problem] if problem else []
        try:
            self._gaps = self._files.finish(expected=self._workers)
        except LedgerError as error:
            self._problems.append(str(error))
        if self._problems and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _close(self) -> str:
        if self._recording is None:
            return ""
        self._recording.end()
        failure = self._recording.recorder.failure
        return str(not_written(self._files.path, failure)) if failure is not None else ""

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say where the ledger is, and what is missing in it."""
        gaps = self._gaps or []
        if not self._problems and not gaps and terminalreporter.config.get_verbosity() < 0:
            return
        terminalreporter.write_sep("-", "seatrial: ledger")
        for problem in dict.fromkeys(self._problems):
            terminalreporter.write_line(f"ERROR: {problem}", red=True)
        if self._gaps is not None:
            terminalreporter.write_line(f"written to {self._files.path}")
        for gap in gaps:
            terminalreporter.write_line(f"missing in it: {gap}", yellow=True)


class RecordedTests:
    """Tells the recorder of this process where each test begins, and how it ends.

    Args:
        recorder: what is told.
        trial: the trial of this run.
        honesty: knows how many assertions were executed.
    """

    def __init__(self, recorder: Recorder, trial: Trial, honesty: HonestyPlugin) -> None:
        self._recorder = recorder
        self._trial = trial
        self._honesty = honesty
        self._outcome: Outcome = "passed"
        self._phase: Phase = "call"
        recorder.begin(
            versions={
                "seatrial": seatrial.__version__,
                "python": platform.python_version(),
                "pytest": pytest.__version__,
            },
            settings=_settings(trial),
        )

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """A test, from before its set-up to after its teardown."""
        self._outcome, self._phase = "passed", "call"
        self._recorder.begin_test(item.nodeid)
        began = time.perf_counter()
        try:
            return (yield)
        except BaseException:
            self._outcome, self._phase = "interrupted", self._recorder.phase or "setup"
            raise
        finally:
            if is_bound(item):
                self._trial.recording.asked()
            self._recorder.end_test(
                file=item.nodeid.partition("::")[0],
                outcome=self._outcome,
                phase=self._phase,
                assertions=self._honesty.executed(item),
                seconds=time.perf_counter() - began,
            )

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        """What happens belongs to the set-up."""
        self._recorder.phase = "setup"

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self) -> None:
        """What happens belongs to the test itself."""
        self._recorder.phase = "call"

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self) -> None:
        """What happens belongs to the teardown."""
        self._recorder.phase = "teardown"

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the worst outcome of all phases."""
        outcome = _outcome_of(report)
        if _FROM_GOOD_TO_BAD.index(outcome) > _FROM_GOOD_TO_BAD.index(self._outcome):
            self._outcome, self._phase = outcome, report.when


def _outcome_of(report: pytest.TestReport) -> Outcome:
    if report.failed:
        return "failed" if report.when == "call" else "error"
    if hasattr(report, "wasxfail"):
        return "xfailed" if report.skipped else "xpassed"
    return "skipped" if report.skipped else "passed"


def _settings(trial: Trial) -> dict[str, str]:
    settings, database = trial.settings, trial.settings.database
    known = {"transport": settings.transport, "mode": trial.modes.describe(), "app": settings.app or ""}
    if database is not None:
        known |= {"engine": database.engine, "isolation": database.isolation}
    return {name: value for name, value in known.items() if value}
