"""What happens around every test: services before the first, a pristine start, nothing left running."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

import pytest

from seatrial.errors import SeatrialError
from seatrial.plugin.state import is_bound, uses_application

if TYPE_CHECKING:
    from collections.abc import Generator

    from seatrial.trial import Trial


class Lifecycle:
    """Hooks that start what the collected tests need and give each bound test its own start.

    Args:
        trial: the trial of this run.
    """

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        self._failure: BaseException | None = None
        self._told = ""

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Start the services before the first test, so that a wrong set-up is told once and at once."""
        config = session.config
        if config.option.collectonly or _only_distributes(config):
            return
        if changed := self._trial.environment.changed():
            raise pytest.UsageError(_changed_environment(changed))
        bound = [item for item in session.items if is_bound(item)]
        if not bound:
            return
        try:
            self._trial.start(application=any(uses_application(item) for item in bound))
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as failure:
            if not _is_worker(config):
                raise pytest.UsageError(_startup_failure(failure)) from failure
            self._failure = failure

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """A pristine database and empty fakes, before any fixture of the test runs."""
        if not is_bound(item):
            self._trial.note_foreign_test()
            return
        if self._failure is not None:
            self._fail(item)
        self._trial.begin_test(application=uses_application(item))

    def _fail(self, item: pytest.Item) -> None:
        if self._told:
            pytest.fail(f"seatrial could not start; the reason is shown at {self._told}", pytrace=False)
        self._told = item.nodeid
        pytest.fail(_startup_failure(self._failure), pytrace=False)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        """Fail a test whose requests left something running."""
        if not is_bound(item):
            yield
            return
        try:
            yield
        finally:
            leftovers = self._trial.end_test()
        if leftovers:
            lines = "\n".join(f"  {leftover.describe()}" for leftover in leftovers)
            pytest.fail(
                f"this test left work running in the application [app.left-running]\n{lines}\n"
                "What to do: await it before the response, or end it; work that belongs to the application's "
                "whole life is started in its lifespan",
                pytrace=False,
            )

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Show, with a failed test, what was raised inside the application."""
        report = yield
        if report.failed and is_bound(item):
            for failure in self._trial.application_errors():
                report.sections.append(("seatrial: raised inside the application", failure))
        return report

    def pytest_enter_pdb(self) -> None:
        """Suspend every time limit while somebody looks around."""
        self._trial.suspend(True)

    def pytest_leave_pdb(self) -> None:
        """Time limits apply again."""
        self._trial.suspend(False)


def _only_distributes(config: pytest.Config) -> bool:
    """Whether this process hands the tests to xdist workers and runs none."""
    return not _is_worker(config) and getattr(config.option, "dist", "no") != "no"


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def _startup_failure(failure: BaseException | None) -> str:
    if isinstance(failure, SeatrialError):
        return str(failure)
    text = "".join(traceback.format_exception(failure)) if failure else ""
    return f"the application could not be started; this is its own error:\n\n{text}"


def _changed_environment(changed: list[str]) -> str:
    lines = "\n".join(f"  {line}" for line in changed)
    return str(
        SeatrialError(
            "the environment changed after seatrial had completed it, so the application would miss the "
            "test database",
            code="env.changed",
            detail=lines,
            remedy="look for a conftest, a .env loader or a plugin such as pytest-env that sets them; values "
            "for tests belong in [tool.seatrial.env]",
        )
    )
