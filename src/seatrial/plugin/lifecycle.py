"""What happens around every test: services before the first, a pristine start, nothing left running."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from seatrial.plugin.explaining import add_notes, fail_with, left_running, startup_failure
from seatrial.plugin.isolating import check_markers, isolation_of, wants_fresh_app
from seatrial.plugin.modes import check_mode_markers
from seatrial.plugin.orphans import end_with_the_controller
from seatrial.plugin.state import bind_late, binds, is_bound, needs_application, uses_application

if TYPE_CHECKING:
    from collections.abc import Generator

    from seatrial.errors import SeatrialError
    from seatrial.trial import Trial


class Lifecycle:
    """Hooks that start what the collected tests need and give each bound test its own start.

    Args:
        trial: the trial of this run.
    """

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        self._failure: BaseException | None = None
        self._item: pytest.Item | None = None

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """A worker must not outlive its controller."""
        if hasattr(session.config, "workerinput"):
            end_with_the_controller()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Start the services before the first test, so that a wrong set-up is told once and at once."""
        config = session.config
        if config.option.collectonly:
            return
        try:
            self._start(session)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as failure:
            if not hasattr(config, "workerinput"):
                raise pytest.UsageError(startup_failure(failure)) from failure
            self._failure = failure

    def _start(self, session: pytest.Session) -> None:
        check_markers(session.items)
        check_mode_markers(session.items, fakes=self._trial.settings.fakes)
        database = self._trial.database
        if database is not None and database.failure is not None:
            raise database.failure
        self._trial.environment.check_unchanged()
        stops_here = session.testsfailed and not session.config.option.continue_on_collection_errors
        bound = [item for item in session.items if is_bound(item)]
        if bound and not stops_here:
            self._trial.start(application=any(uses_application(item) for item in bound))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """A pristine database and empty fakes, before any fixture of the test runs."""
        self._item = item
        if is_bound(item):
            self._begin(item, application=uses_application(item))
        else:
            self._trial.note_foreign_test()

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> None:
        """A pristine start also for a test that asks for its first fixture of ours while it runs."""
        name, item = fixturedef.argname, self._item
        if item is not None and binds(name, scope=fixturedef.scope) and not is_bound(item):
            bind_late(item, name)
            self._begin(item, application=needs_application(name))

    def _begin(self, item: pytest.Item, *, application: bool) -> None:
        if self._failure is not None:
            # In an xdist worker: pytest ends a worker that fails before its first test as if it had crashed.
            item.session.shouldfail = "seatrial could not start"
            pytest.fail(startup_failure(self._failure), pytrace=False)
        database = self._trial.settings.database
        self._trial.begin_test(
            application=application,
            isolation=isolation_of(item, default=database.isolation if database else "reset"),
            fresh_app=wants_fresh_app(item),
            test=item.nodeid,
        )

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        """Fail a test whose requests left something running, or that its way of isolation cannot hold."""
        try:
            yield
        except BaseException as error:
            if is_bound(item):
                self._trial.end_test()
            if not isinstance(error, (KeyboardInterrupt, SystemExit)):
                add_notes(error, self._check(item, passed=False))
            raise
        left = left_running(self._trial.end_test()) if is_bound(item) else []
        fail_with([*left, *self._check(item, passed=True)])

    def _check(self, item: pytest.Item, *, passed: bool) -> list[SeatrialError]:
        if not is_bound(item):
            return []
        isolating = self._trial.isolating
        broken = isolating.check() if isolating is not None else []
        refused = self._trial.guard.problems("this test")
        disagreements = self._trial.agreement.after_test(unmet=passed)
        return [*broken, *refused, *self._trial.faults.problems(), *disagreements]

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, None, None]:
        """Fail a test that, with all its fixtures, left the database locked or asked a fake in vain."""
        yield
        if not is_bound(item):
            return
        left = self._trial.left_behind()
        fail_with([*([left] if left is not None else []), *self._trial.agreement.after_test(unmet=False)])

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

    def pytest_enter_pdb(self, config: pytest.Config) -> None:
        """Suspend every time limit while somebody looks around, and say how to look into the database."""
        self._trial.suspend(True)
        command = self._trial.database.psql() if self._trial.database else None
        if command:
            config.get_terminal_writer().line(f"seatrial: this test's database: {command}")

    def pytest_leave_pdb(self) -> None:
        """Time limits apply again."""
        self._trial.suspend(False)
