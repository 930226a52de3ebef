"""The application of one process while it runs: started, asked whether it is quiet, stopped."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from seatrial.errors import ApplicationError, NetworkError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seatrial.app import AppRunner, Leftover
    from seatrial.app.pools import PoolHealer
    from seatrial.config.settings import Settings
    from seatrial.trial.agreement import Agreement
    from seatrial.trial.network import Guard
    from seatrial.trial.oracle import Oracle

GRACE_S = 1.0
"""How long a test, or the start of the next, waits for work that its requests left running."""
_SECONDS_TO_CANCEL = 1.0


class Running:
    """Starts and stops the application; everything but a start is harmless while it does not run.

    Args:
        settings: which application.
        healer: told which one runs, to spare its pools.
        oracle: does not hold against tests what a start-up leaves.
        agreement: knows what a start-up asked the fakes in vain.
    """

    def __init__(
        self, settings: Settings, *, healer: PoolHealer, oracle: Oracle, agreement: Agreement
    ) -> None:
        self._settings = settings
        self._healer = healer
        self._oracle = oracle
        self._agreement = agreement
        self.runner: AppRunner | None = None
        self.remembers = 0
        """How many requests that come over a socket it keeps in mind from its next start on."""

    def start(self, guard: Guard, *, test: str) -> None:
        """Load and start it.

        Args:
            guard: keeps it on this machine.
            test: to whom what it reaches for is put down.

        Raises:
            ApplicationError: it could not be loaded or started; what the fakes know of the cause is added.
            NetworkError: it reached for another machine.
        """
        from seatrial.app import AppRunner, load_app  # noqa: PLC0415 - only suites with an application

        path = self.path
        settings = self._settings
        runner = AppRunner(
            lambda: load_app(path, args=settings.app_args, root=settings.root),
            transport=settings.transport,
            grace=GRACE_S,
            remembers=self.remembers,
        )
        try:
            with guard.start_up(test), self._oracle.shared(None), self._explained():
                runner.start()
        except NetworkError:
            runner.stop()
            raise
        self.runner = self._healer.runner = runner

    def started(self) -> AppRunner:
        """The running application.

        Raises:
            SettingsError: it does not run.
        """
        if self.runner is None:
            raise SettingsError(
                "the application is not running",
                code="app.not-running",
                remedy="use it inside tests and fixtures only",
            )
        return self.runner

    @property
    def path(self) -> str:
        """Where the application is.

        Raises:
            SettingsError: the settings name none.
        """
        if self._settings.app is not None:
            return self._settings.app
        raise SettingsError(
            f"this test uses the application, and {self._settings.source} names none",
            code="settings.no-app",
            remedy='set app = "package.module:app" (or a factory) under [tool.seatrial]',
        )

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except ApplicationError as error:
            error.detail = self._agreement.with_problems(error.detail)
            raise

    def stop(self) -> None:
        """Stop it, lifespan included."""
        runner, self.runner = self.runner, None
        self._healer.runner = None
        if runner is not None:
            runner.stop()

    def wait_quiet(self) -> None:
        """Give what earlier requests started a moment to end."""
        if self.runner is not None:
            self.runner.wait_quiet(GRACE_S)

    def end_leftovers(self) -> list[Leftover]:
        """Wait briefly for what a test's requests left running, and end it; what that was."""
        if self.runner is None or self.runner.suspended:
            return []
        leftovers = self.runner.wait_quiet(GRACE_S)
        if leftovers:
            self.runner.cancel(leftovers, _SECONDS_TO_CANCEL)
        return leftovers

    def errors(self) -> list[str]:
        """The tracebacks of what was raised inside it since this was last asked."""
        return [error.describe() for error in self.runner.take_errors()] if self.runner else []

    def suspend(self, suspended: bool) -> None:
        """Switch its time limits off while a debugger is open, and on again."""
        if self.runner is not None:
            self.runner.suspended = suspended


def settle(runner: AppRunner, timeout: float) -> None:
    """Wait until nothing that earlier requests started is still at work.

    Args:
        runner: the application.
        timeout: seconds.

    Raises:
        ApplicationError: something is still at work after that time; it is named.
    """
    leftovers = runner.wait_quiet(timeout)
    if leftovers:
        raise ApplicationError(
            f"work that requests left running was not done after {timeout:g} s",
            code="app.left-running",
            detail="\n".join(leftover.describe() for leftover in leftovers),
            remedy="wait longer with settle(seconds), or look at what it waits for",
        )
