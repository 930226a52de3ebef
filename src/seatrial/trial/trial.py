"""One process's trial: its environment, services, application, identities and fakes, each started late."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from seatrial.app.pools import ForeignKeys, PoolHealer
from seatrial.config import PlaceholderValues, refuse_unbuilt, render_env
from seatrial.trial.agreement import Agreement
from seatrial.trial.between import call_between_tests
from seatrial.trial.callers import Callers
from seatrial.trial.clients import Clients
from seatrial.trial.environment import Environment, libpq_variables
from seatrial.trial.faults import FaultyWay
from seatrial.trial.modes import Modes, decide_modes
from seatrial.trial.network import Guard, Reachable, make_guard
from seatrial.trial.oracle import Oracle
from seatrial.trial.recording import NotRecording, end_listening
from seatrial.trial.replacing import Replacing
from seatrial.trial.reserving import Wanted, reserve
from seatrial.trial.running import GRACE_S, Running, settle
from seatrial.trial.start_up import START_UP, StartUpRows

if TYPE_CHECKING:
    from collections.abc import Callable

    from seatrial.app import AppRunner, Leftover
    from seatrial.config import DatabaseAddress
    from seatrial.config.settings import DatabaseSettings, Isolation, Settings
    from seatrial.errors import IsolationError
    from seatrial.fakes import Fakes
    from seatrial.postgres.choice import Choice
    from seatrial.postgres.handle import Handle
    from seatrial.sqlite import SqliteChoice
    from seatrial.sqlite.handle import Handle as SqliteHandle
    from seatrial.trial.database import TestDatabase
    from seatrial.trial.isolating import Isolating
    from seatrial.trial.shared import SharedRows
    from seatrial.trial.sqlite_database import SqliteDatabase
    from seatrial.trial.verifying import Verification


class Trial:
    """Everything that `[tool.seatrial]` describes, for one process.

    Making it costs next to nothing; `prepare()` completes the environment; servers and the application
    start at first use; `close()` leaves nothing behind.

    Args:
        settings: the validated settings.
        database: the value of `--seatrial-database`.
        rebuild: whether to build the template anew.
        verify: whether to compare the database with its baseline after every test.
        distributed: whether this is one of several processes of one run.
        mode: the value of `--seatrial-mode`.
        recording: what writes a ledger; default: nothing does.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        database: str | None = None,
        rebuild: bool = False,
        verify: bool = False,
        distributed: bool = False,
        mode: str | None = None,
        recording: NotRecording | None = None,
    ) -> None:
        refuse_unbuilt(settings)
        self.recording = recording or NotRecording()
        self.settings = settings
        self._option = database
        self._rebuild, self._verify = rebuild, verify
        self._verification: Verification | None = None
        self._distributed = distributed
        self._mode = mode
        self.modes = Modes()
        """Which fakes are live; known once the trial is prepared."""
        self.guard = Guard(Reachable(()))
        """Keeps bound tests and their application on this machine."""
        self.environment = Environment()
        self.choice: Choice | SqliteChoice | None = None
        self.database: TestDatabase | SqliteDatabase | None = None
        self.isolating: Isolating | None = None
        """How each test is isolated; None without a database."""
        self.callers = Callers(settings, client=lambda: self.clients.for_logins(), runner=lambda: self.runner)  # noqa: PLW0108 - there are none yet
        self._fakes: Fakes | None = None
        self.agreement = Agreement(lambda: self._fakes, grace=GRACE_S)
        self._healer = PoolHealer()
        self.oracle = Oracle(healer=self._healer)
        self._running = Running(settings, healer=self._healer, oracle=self.oracle, agreement=self.agreement)
        self._replacing = Replacing(self._running, self._healer)
        self.clients = Clients(lambda: self.runner, self.callers, self.recording)
        self.faults = FaultyWay(lambda: self.database.proxy if self.database else None, self._replacing)
        self._foreign_keys: ForeignKeys | None = None
        self._on_sqlite: SqliteDatabase | None = None
        self._late = self._outdated = False
        self._start_up = StartUpRows(self._replacing)
        self._used_by_ours = False
        self.app_start_seconds = 0.0

    def prepare(self) -> None:
        """Decide where everything will be, and put the application's environment in place.

        Where that fails, nothing is left behind.

        Raises:
            UnsafeTargetError: an explicitly named database is not provably ours.
            SettingsError: a placeholder is unknown, a variable points at another machine, or the mode is one
                that cannot be served.
        """
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    def _prepare(self) -> None:
        self.recording.begin(self.settings.identities, self._running, fakes=lambda: self._fakes)
        self.modes = decide_modes(self.settings, option=self._mode, environ=self.environment.inherited)
        if self.settings.fakes:
            _ = self.fakes  # what is declared wrongly is told before anything starts
        if self.settings.database is not None:
            self.database = self._reserve_database(self.settings.database)
            self._replacing.places = self.database.places
            from seatrial.trial.isolating import Isolating  # noqa: PLC0415 - only suites with a database
            from seatrial.trial.verifying import Verification  # noqa: PLC0415

            self.isolating = Isolating(self.database, self._replacing)
            self._verification = Verification(self.database, self._replacing, always=self._verify)
        address = self.database.address if self.database else None
        values = self._render(address)
        variables = libpq_variables(address) if address else {}
        self.environment.apply(self.settings, values, variables, modes=self.modes)
        self.guard = make_guard(self.settings, self.modes, self.database.places if self.database else ())
        if self.database is not None and not self.database.starts_at_first_connection:
            self.database.ensure()

    def _reserve_database(self, settings: DatabaseSettings) -> TestDatabase | SqliteDatabase:
        wanted = Wanted(
            option=self._option,
            inherited=self.environment.inherited,
            distributed=self._distributed,
            root=self.settings.root,
            env=self.callers.template_env(),
            environment=self._render,
            rebuild=self._rebuild,
            verify=self._verify,
        )
        reserved = reserve(settings, wanted)
        self.settings = replace(self.settings, database=reserved.settings)
        self.choice = reserved.choice
        self.oracle.database, self._on_sqlite = reserved.server, reserved.file
        if reserved.file is not None:
            self._foreign_keys = ForeignKeys(reserved.file.name)
            self._foreign_keys.install()
            return reserved.file
        assert reserved.server is not None  # one of the two
        return reserved.server

    def _render(self, address: DatabaseAddress | None) -> dict[str, str]:
        values = PlaceholderValues(
            database=(lambda: address) if address is not None else None,
            secret=lambda: self.callers.keys.secret,
            public_key=lambda: self.callers.keys.public_key,
            issuer=self.callers.issuer_values(),
            fakes=self.fakes.part if self.settings.fakes else None,
        )
        return render_env(self.settings, values)

    @property
    def fakes(self) -> Fakes:
        """The declared fakes; their servers start with the application."""
        if self._fakes is None:
            from seatrial.trial.faking import make_fakes  # noqa: PLC0415 - only suites with fakes

            inherited = self.environment.inherited
            self._fakes = make_fakes(
                self.settings, modes=self.modes, inherited=inherited, database=lambda: self.database
            )
        return self._fakes

    @property
    def runner(self) -> AppRunner:
        """The application in its own loop, started.

        Raises:
            SettingsError: no application is configured.
        """
        if self._running.runner is None:
            # In the middle of a test its rows are there already: they must not become everybody's.
            self._late = self.database is not None and not self.database.pristine
            self._start_app()
        return self._running.started()

    def _start_app(self) -> None:
        _ = self._running.path  # no service is started for an application that there is not
        self._start_services()
        started = time.perf_counter()
        before = self.database.position() if self.database else None
        self._running.start(self.guard, test=START_UP)
        if self.database is not None and not self._late:
            self._start_up.adopt(self.database, before=before)
            self.database.require_tables()
        self.app_start_seconds = time.perf_counter() - started
        self.agreement.at_start()

    def _start_services(self) -> None:
        if self.database is not None:
            self.database.ensure()
        self.callers.start()
        self.start_fakes()

    def start_fakes(self) -> None:
        """Start the declared fakes; idempotent."""
        if self.settings.fakes:
            self.fakes.start()

    def shared_handle(self, database: TestDatabase | SqliteDatabase) -> Handle | SqliteHandle:
        """A handle for longer than one test."""
        return self._replacing.handle(database)

    def shared_rows(self, database: TestDatabase | SqliteDatabase) -> SharedRows:
        """What keeps the rows of fixtures that live longer than one test."""
        from seatrial.trial.shared import SharedRows  # noqa: PLC0415 - only suites with a database

        return SharedRows(
            database,
            replacing=self._replacing,
            settle=self._running.wait_quiet,
            starts_clean=lambda: self.isolating is None or self.isolating.current != "none",
        )

    def start(self, *, application: bool) -> None:
        """Start the services, and the application if any test asks for it, before the first test.

        What the process wrote so far (an application may create its tables when it is imported) and what
        the application's start-up writes is the state every test starts from.
        """
        self.guard.watch(START_UP)
        self._start_services()
        if application:
            self._start_app()
        elif self.database is not None and self.database.touched:
            self.database.push(self._replacing, owner=START_UP)
        self.recording.opened(self.database)

    def note_foreign_test(self) -> None:
        """A test that does not use seatrial runs: neither does it see what one that does has written.

        What it writes itself stays for the tests of its kind, as ever, until one that uses seatrial runs.
        """
        self.guard.leave()
        self._stop_outdated_app()
        self.faults.forget()
        self.callers.reset()
        if self.database is not None and self.isolating is not None:
            self.isolating.note_foreign_test()
            if self._used_by_ours and not self.database.pristine:
                self.database.restore(self._replacing)
            self.database.hand_over()
        self._used_by_ours = False

    def begin_test(
        self,
        *,
        application: bool,
        isolation: Isolation = "reset",
        fresh_app: bool = False,
        test: str = "this test",
    ) -> None:
        """Give the next test its fakes, its database and its application.

        Args:
            application: whether the test uses the application.
            isolation: in which state it finds the database; `rollback` only for tests that use nothing but
                one session.
            fresh_app: whether the application is to be started anew for this test, and for this test only.
            test: its id.
        """
        self.guard.watch(test)
        self.agreement.begin()
        self.callers.reset()
        self.faults.forget()
        if self._running.runner is not None:
            self._running.runner.take_errors()
            call_between_tests(self._running.runner, self.settings.between_tests)
        self._stop_outdated_app()
        late = self._late and isolation != "none"
        restart = self._running.runner is not None and (late or (fresh_app and application))
        if restart:
            self._stop_app()
        starts = restart or (application and self._running.runner is None)
        with self.recording.restoring(self.isolating):
            self._restore(isolation, starts=starts)
        if starts:
            self._start_app()
        if self.isolating is not None:
            self.isolating.hand_over()
        self._outdated = fresh_app and application
        self._used_by_ours = isolation != "none"

    def _restore(self, isolation: Isolation, *, starts: bool) -> None:
        """Bring the database into the state of the next test, before which the application may start."""
        if self.database is None or self.isolating is None:
            return
        self.database.ensure()
        if starts and isolation != "none":
            self._start_up.take_back(self.database)
        self.isolating.restore(isolation)
        # What start-up writes now must not become everybody's beside what is there already.
        self._late |= starts and (not self.database.pristine or self._start_up.are_there)

    def end_test(self) -> list[Leftover]:
        """Wait briefly for what the test's requests left running; what is still running then."""
        # What hangs because of a fault is not left running by the test.
        self.faults.calm()
        if self._fakes is not None:
            self._fakes.calm()
        leftovers = self._running.end_leftovers()
        self.faults.mend()
        return leftovers

    def left_behind(self) -> IsolationError | None:
        """What a test and its fixtures left in the database: on SQLite, a lock or broken rows."""
        return self._on_sqlite.left_behind() if self._on_sqlite is not None else None

    def settle(self, timeout: float = 5.0) -> None:
        """Wait until nothing that earlier requests started is still at work; see `running.settle`."""
        settle(self.runner, timeout)

    def keep(self, test: str) -> str | None:
        """Keep the database as a failed test has left it; the command that opens it after the run."""
        return self.database.keep(test, self._replacing) if self.database else None

    def verify(self, test: str) -> None:
        """A test is over, its fixtures are closed: prove, now and then or always, that its traces can go.

        Raises:
            IsolationError: they could not.
        """
        if self._verification is not None and self.isolating is not None and self.isolating.restores:
            self._verification.after(test)

    def application_errors(self) -> list[str]:
        """The tracebacks of what was raised inside the application since the test began."""
        return self._running.errors()

    def suspend(self, suspended: bool) -> None:
        """Switch time limits and the guard of connections off while a debugger is open, and on again."""
        self.guard.suspended = suspended
        self._running.suspend(suspended)

    def begin_anew(self, reopen: Callable[[], object]) -> None:
        """Go on as at the beginning, on a database that `reopen` puts in place; no fixture may live."""
        self._stop_app()
        with self._replacing():
            if self.isolating is not None:
                self.isolating.forget()
            reopen()
        self._start_up = StartUpRows(self._replacing)

    def _stop_outdated_app(self) -> None:
        """The application of a test that asked for one of its own is for that test only."""
        if self._outdated:
            self._stop_app()

    def _stop_app(self) -> None:
        self._late = self._outdated = False
        self._running.stop()

    def close(self) -> None:
        """Stop the application, the fakes and the server, and put the environment back."""
        try:
            self.recording.end()
            self.oracle.close()
            self._healer.remove()
            if self._foreign_keys is not None:
                self._foreign_keys.remove()
            self._stop_app()
            self.callers.close()
            if self._fakes is not None:
                self._fakes.stop()
        finally:
            end_listening()
            self.guard.leave()
            if self.isolating is not None:
                self.isolating.close()
            if self.database is not None:
                self.database.close()
            self.environment.restore()
