"""One process's trial: its environment, services, application, identities and fakes, each started late."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from seatrial.app.pools import ForeignKeys, PoolHealer
from seatrial.config import PlaceholderValues, refuse_unbuilt, render_env
from seatrial.errors import ApplicationError, NetworkError, SettingsError
from seatrial.sqlite import SqliteChoice, choose_engine
from seatrial.trial.agreement import Agreement
from seatrial.trial.between import call_between_tests
from seatrial.trial.callers import Callers
from seatrial.trial.environment import Environment, libpq_variables
from seatrial.trial.modes import Modes, decide_modes
from seatrial.trial.network import Guard, Reachable, make_guard
from seatrial.trial.oracle import Oracle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seatrial.app import AppRunner, AsyncClient, Client, Leftover
    from seatrial.config import DatabaseAddress
    from seatrial.config.settings import DatabaseSettings, Isolation, Settings
    from seatrial.errors import FakeError, IsolationError
    from seatrial.fakes import Fakes
    from seatrial.identities import Identities
    from seatrial.postgres.choice import Choice
    from seatrial.postgres.faults import DatabaseProxy
    from seatrial.postgres.handle import Handle
    from seatrial.postgres.isolation.layers import Layer
    from seatrial.sqlite.handle import Handle as SqliteHandle
    from seatrial.trial.database import TestDatabase
    from seatrial.trial.isolating import Isolating
    from seatrial.trial.shared import SharedRows
    from seatrial.trial.sqlite_database import SqliteDatabase
    from seatrial.trial.verifying import Verification

_GRACE_S = 1.0
_START_UP = "the start-up of the application"


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
    ) -> None:
        refuse_unbuilt(settings)
        self.settings = settings
        self._option = database
        self._rebuild = rebuild
        self._verify = verify
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
        self.callers = Callers(settings, client=self.client, runner=lambda: self.runner)
        self._fakes: Fakes | None = None
        self.agreement = Agreement(lambda: self._fakes, grace=_GRACE_S)
        self._runner: AppRunner | None = None
        self._healer = PoolHealer()
        self.oracle = Oracle(healer=self._healer)
        self._foreign_keys: ForeignKeys | None = None
        self._on_sqlite: SqliteDatabase | None = None
        self._late = False
        self._outdated = False
        self._start_up_layer: Layer | None = None
        self._used_by_ours = False
        self._long_lived: list[Handle | SqliteHandle] = []
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
        self.modes = decide_modes(self.settings, option=self._mode, environ=self.environment.inherited)
        if self.settings.fakes:
            _ = self.fakes  # what is declared wrongly is told before anything starts
        if self.settings.database is not None:
            self.database = self._reserve_database()
            self.isolating = self._make_isolating(self.database)
            self._verification = self._make_verification(self.database)
        address = self.database.address if self.database else None
        values = self._render(address)
        variables = libpq_variables(address) if address else {}
        self.environment.apply(self.settings, values, variables, modes=self.modes)
        self.guard = make_guard(self.settings, self.modes, self.database.places if self.database else ())
        if self.database is not None and not self.database.starts_at_first_connection:
            self.database.ensure()

    def _reserve_database(self) -> TestDatabase | SqliteDatabase:
        from seatrial.trial.database import TestDatabase  # noqa: PLC0415 - only suites with a database
        from seatrial.trial.provider import choose_provider  # noqa: PLC0415

        settings = self.settings.database
        assert settings is not None  # the caller looked
        settings, on_sqlite = choose_engine(
            settings, option=self._option, inherited=self.environment.inherited
        )
        self.settings = replace(self.settings, database=settings)
        if on_sqlite is not None:
            self.choice = on_sqlite
            return self._reserve_file(settings)
        self.choice, provider = choose_provider(
            settings,
            option=self._option,
            inherited=self.environment.inherited,
            distributed=self._distributed,
        )
        self.oracle.database = database = TestDatabase(
            settings,
            provider=provider,
            root=self.settings.root,
            env=self.callers.template_env(),
            environment=self._render,
            rebuild=self._rebuild,
            verify=self._verify,
        )
        return database

    def _make_isolating(self, database: TestDatabase | SqliteDatabase) -> Isolating:
        from seatrial.trial.isolating import Isolating  # noqa: PLC0415 - only suites with a database

        return Isolating(database, self._replacing)

    def _make_verification(self, database: TestDatabase | SqliteDatabase) -> Verification:
        from seatrial.trial.verifying import Verification  # noqa: PLC0415 - only suites with a database

        return Verification(database, self._replacing, always=self._verify)

    def _reserve_file(self, settings: DatabaseSettings) -> SqliteDatabase:
        from seatrial.trial.sqlite_database import SqliteDatabase  # noqa: PLC0415 - only runs on SQLite

        self._on_sqlite = database = SqliteDatabase(
            settings,
            root=self.settings.root,
            env=self.callers.template_env(),
            environment=self._render,
            rebuild=self._rebuild,
        )
        self._foreign_keys = ForeignKeys(database.name)
        self._foreign_keys.install()
        return database

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
    def identities(self) -> Identities:
        """The declared users and their credentials."""
        return self.callers.identities

    @property
    def fakes(self) -> Fakes:
        """The declared fakes; their servers start with the application."""
        if self._fakes is None:
            from seatrial.fakes import Fakes  # noqa: PLC0415 - only suites with fakes

            self._fakes = Fakes(self.settings.fakes, root=self.settings.root, live=self.modes.live)
        return self._fakes

    @property
    def runner(self) -> AppRunner:
        """The application in its own loop, started.

        Raises:
            SettingsError: no application is configured.
        """
        if self._runner is None:
            # In the middle of a test its rows are there already: they must not become everybody's.
            self._late = self.database is not None and not self.database.pristine
            self._start_app()
        return self._started()

    def _started(self) -> AppRunner:
        if self._runner is None:
            raise SettingsError(
                "the application is not running",
                code="app.not-running",
                remedy="use it inside tests and fixtures only",
            )
        return self._runner

    def _start_app(self) -> None:
        from seatrial.app import AppRunner, load_app  # noqa: PLC0415 - only suites with an application

        path = self.settings.app
        if path is None:
            raise SettingsError(
                f"this test uses the application, and {self.settings.source} names none",
                code="settings.no-app",
                remedy='set app = "package.module:app" (or a factory) under [tool.seatrial]',
            )
        self._start_services()
        started = time.perf_counter()
        before = self.database.position() if self.database else None
        runner = AppRunner(
            lambda: load_app(path, args=self.settings.app_args, root=self.settings.root),
            transport=self.settings.transport,
            grace=_GRACE_S,
        )
        try:
            with self.guard.start_up(_START_UP), self.oracle.shared(None), self._explained():
                runner.start()
        except NetworkError:
            runner.stop()
            raise
        self._runner = self._healer.runner = runner
        if self.database is not None and not self._late:
            self._adopt_what_was_written(self.database, before)
            self.database.require_tables()
        self.app_start_seconds = time.perf_counter() - started
        self.agreement.at_start()

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except ApplicationError as error:
            error.detail = self.agreement.with_problems(error.detail)
            raise

    def _adopt_what_was_written(self, database: TestDatabase | SqliteDatabase, before: object) -> None:
        """What was written until now belongs to the state every test starts from."""
        quiet = before is not None and database.position() == before
        if database.touched or not quiet:
            self._start_up_layer = database.push(self._replacing, owner=_START_UP)

    def _take_back_start_up(self, database: TestDatabase | SqliteDatabase) -> None:
        """What an earlier start-up wrote must not be there when the application starts again.

        Where a fixture has added a baseline of its own since, it stays, as it would when a service restarts.
        """
        layer = self._start_up_layer
        if layer is not None and database.is_topmost(layer):
            database.end(layer, self._replacing)
            database.restore(self._replacing)
            self._start_up_layer = None

    def _start_services(self) -> None:
        if self.database is not None:
            self.database.ensure()
        self.callers.start()
        self.start_fakes()

    def start_fakes(self) -> None:
        """Start the declared fakes; idempotent."""
        if self.settings.fakes:
            self.fakes.start()

    def client(self) -> Client:
        """A synchronous client of the application, without credentials."""
        from seatrial.app import Client  # noqa: PLC0415 - only suites with an application

        runner = self.runner
        return Client(
            transport=runner.sync_transport(),
            base_url=runner.base_url,
            authenticate=self.callers.headers,
        )

    def shared_client(self) -> Client:
        """A client for longer than one test: it follows the application when that is started anew."""
        from seatrial.app import Client, FollowingTransport  # noqa: PLC0415 - only suites with an application

        return Client(
            transport=FollowingTransport(lambda: self.runner),
            base_url=self.runner.base_url,
            authenticate=self.callers.lasting_headers,
        )

    def shared_handle(self, database: TestDatabase | SqliteDatabase) -> Handle | SqliteHandle:
        """A handle for longer than one test: it connects anew after the sessions of the database ended."""
        handle = database.handle()
        self._long_lived.append(handle)
        return handle

    def shared_rows(self, database: TestDatabase | SqliteDatabase) -> SharedRows:
        """What keeps the rows of fixtures that live longer than one test."""
        from seatrial.trial.shared import SharedRows  # noqa: PLC0415 - only suites with a database

        return SharedRows(
            database,
            replacing=self._replacing,
            settle=self._wait_quiet,
            starts_clean=lambda: self.isolating is None or self.isolating.current != "none",
        )

    def async_client(self) -> AsyncClient:
        """An asynchronous client of the application, without credentials."""
        from seatrial.app import AsyncClient  # noqa: PLC0415 - only suites with an application

        runner = self.runner
        return AsyncClient(
            transport=runner.async_transport(),
            base_url=runner.base_url,
            authenticate=self.callers.headers,
        )

    def start(self, *, application: bool) -> None:
        """Start the services, and the application if any test asks for it, before the first test.

        What the process wrote so far (an application may create its tables when it is imported) and what
        the application's start-up writes is the state every test starts from.
        """
        self.guard.watch(_START_UP)
        self._start_services()
        if application:
            self._start_app()
        elif self.database is not None and self.database.touched:
            self.database.push(self._replacing, owner=_START_UP)

    def note_foreign_test(self) -> None:
        """A test that does not use seatrial runs: neither does it see what one that does has written.

        What it writes itself stays for the tests of its kind, as ever, until one that uses seatrial runs.
        """
        self.guard.leave()
        self._stop_outdated_app()
        self._forget_faults()
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
        self._forget_faults()
        if self._runner is not None:
            self._runner.take_errors()
            call_between_tests(self._runner, self.settings.between_tests)
        self._stop_outdated_app()
        late = self._late and isolation != "none"
        restart = self._runner is not None and (late or (fresh_app and application))
        if restart:
            self._stop_app()
        starts = restart or (application and self._runner is None)
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
            self._take_back_start_up(self.database)
        self.isolating.restore(isolation)
        # What start-up writes now must not become everybody's beside what is there already.
        self._late |= starts and (not self.database.pristine or self._start_up_layer is not None)

    def end_test(self) -> list[Leftover]:
        """Wait briefly for what the test's requests left running; what is still running then."""
        if self._proxy is not None:
            self._proxy.calm()  # what hangs because of a fault is not left running by the test
        leftovers = self._leftovers()
        self._mend()
        return leftovers

    def fault_problems(self) -> list[FakeError]:
        """What is wrong with the faults of the test, whose own part is over."""
        return self._proxy.problems() if self._proxy is not None else []

    @property
    def _proxy(self) -> DatabaseProxy | None:
        return self.database.proxy if self.database is not None else None

    def _mend(self) -> None:
        """Let the pools of the application, whose connections a fault has broken, begin anew."""
        if self._proxy is not None and self._proxy.broke_connections:
            with self._replacing():
                self._proxy.close_connections()

    def _forget_faults(self) -> None:
        if self._proxy is not None:
            self._proxy.forget()
            self._mend()

    def _leftovers(self) -> list[Leftover]:
        if self._runner is None or self._runner.suspended:
            return []
        leftovers = self._runner.wait_quiet(_GRACE_S)
        if leftovers:
            self._runner.cancel(leftovers, 1.0)
        return leftovers

    def left_behind(self) -> IsolationError | None:
        """What a test and its fixtures left in the database: on SQLite, a lock or broken rows."""
        return self._on_sqlite.left_behind() if self._on_sqlite is not None else None

    def settle(self, timeout: float = 5.0) -> None:
        """Wait until nothing that earlier requests started is still at work.

        A response is there before the application's background work has ended, as in production.

        Args:
            timeout: seconds.

        Raises:
            ApplicationError: something is still at work after that time; it is named.
        """
        leftovers = self.runner.wait_quiet(timeout)
        if leftovers:
            raise ApplicationError(
                f"work that requests left running was not done after {timeout:g} s",
                code="app.left-running",
                detail="\n".join(leftover.describe() for leftover in leftovers),
                remedy="wait longer with settle(seconds), or look at what it waits for",
            )

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
        return [error.describe() for error in self._runner.take_errors()] if self._runner else []

    def suspend(self, suspended: bool) -> None:
        """Switch time limits and the guard of connections off while a debugger is open, and on again."""
        self.guard.suspended = suspended
        if self._runner is not None:
            self._runner.suspended = suspended

    @contextlib.contextmanager
    def _replacing(self) -> Iterator[None]:
        """Wrap what ends the sessions of the database, so that no pool notices."""
        assert self.database is not None  # only its isolation comes here
        for handle in self._long_lived:
            handle.close()
        # A pool that is just connecting anew, after the replacement before, would lose that connection.
        self._wait_quiet()
        with self._healer.replacing(self.database.places):
            yield

    def _stop_outdated_app(self) -> None:
        """The application of a test that asked for one of its own is for that test only."""
        if self._outdated:
            self._stop_app()

    def _wait_quiet(self) -> None:
        if self._runner is not None:
            self._runner.wait_quiet(_GRACE_S)

    def _stop_app(self) -> None:
        runner, self._runner, self._late, self._outdated = self._runner, None, False, False
        self._healer.runner = None
        if runner is not None:
            runner.stop()

    def close(self) -> None:
        """Stop the application, the fakes and the server, and put the environment back."""
        try:
            self.oracle.close()
            self._healer.remove()
            if self._foreign_keys is not None:
                self._foreign_keys.remove()
            self._stop_app()
            self.callers.close()
            if self._fakes is not None:
                self._fakes.stop()
        finally:
            self.guard.leave()
            if self.isolating is not None:
                self.isolating.close()
            if self.database is not None:
                self.database.close()
            self.environment.restore()
