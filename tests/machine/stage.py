"""Where programs run: one engine, three sessions, and the snapshots that every reset must reach."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import psycopg

from seatrial.errors import IsolationError
from seatrial.postgres.isolation.comparison import Snapshot, take
from tests.machine.server import MIRROR, TEMPLATE
from tests.machine.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seatrial.postgres.isolation import Isolation
    from tests.machine.engines import Engine
    from tests.machine.programs import Program, Step
    from tests.machine.server import MachineServer

DATABASE = "machine"
_DEEPEST = 2
_WHOLE_EVERY = 25
"""After so many resets the objects of PostgreSQL itself are compared too, which no step changes."""


class Stage:
    """One engine on one server, for many programs; after a failure another engine takes its place."""

    def __init__(self, server: MachineServer, engine: Engine) -> None:
        self._server = server
        self._kind = engine
        self._engine: Isolation | None = None
        self._resets = 0
        self._sessions = [self._session("owner"), self._session("owner"), self._session("admin")]
        self._observer: psycopg.Connection[Any] | None = None
        self._doubted = False
        """Whether the observer may have been ended."""
        self._mirror = server.cluster.connect(MIRROR)
        self._whole: Snapshot | None = None
        self._baselines: list[Snapshot] = []
        self._noticed = True
        self.failure: BaseException | None = None
        """What the latest program that failed ended with."""
        self.leaks: list[str] = []
        """What resets left behind, over all programs."""
        self.effective: set[str] = set()
        """Operations of the running program that the server did not refuse."""
        self.log: list[str] = []
        """What the running program did, for people."""

    @property
    def engine(self) -> Isolation:
        """The engine, opened when it is first needed."""
        if self._engine is None:
            self._server.drop_all_but_the_template()
            engine = self._kind.make(self._server.cluster, DATABASE, TEMPLATE)
            engine.open()
            self._engine = engine
            self._whole = take(self._mirror_connection())
            self._baselines = [self._of_template()]
        return self._engine

    def run(self, program: Program) -> None:
        """Run a program; every reset on the way and the last one must reach the baseline.

        Raises:
            AssertionError: a baseline was not reached; the differences are listed.
        """
        self.effective, self.log, self._noticed = set(), [], False
        try:
            self.engine.hand_over()
            for step in program.steps:
                self._step(step)
            self._reset()
            while len(self._baselines) > 1:
                self._pop()
        except BaseException as failure:
            self._give_up()
            if isinstance(failure, IsolationError) and failure.code in self._kind.refusals:
                return
            self.failure = failure
            raise

    def close(self) -> None:
        """Close the engine and all sessions."""
        self._give_up()
        self._mirror.close()

    def _step(self, step: Step) -> None:
        operation = step.operation
        self._noticed |= operation.noticed
        match operation.name:
            case "reset":
                self._reset()
            case "push":
                self._push()
            case "pop":
                self._pop()
            case "restart":
                self._restart()
            case _:
                self._execute(step)

    def _execute(self, step: Step) -> None:
        index = 2 if step.operation.who == "superuser" else step.session
        statement = step.operation.statement(step.number).replace("{database}", DATABASE)
        went_well = self._sessions[index].run(statement)
        self.log.append(f"  {index}: {statement[:200]}{'' if went_well else '  -- refused'}")
        if went_well:
            self.effective.add(step.operation.name)

    def _reset(self) -> None:
        self.log.append("reset")
        self.effective.add("reset")
        self.engine.restore(self._replacing)
        assert self.engine.pristine, "a restored database should be pristine"
        self._compare()
        self.engine.hand_over()

    def _push(self) -> None:
        if len(self._baselines) > _DEEPEST:
            return
        self.log.append("push")
        self.effective.add("push")
        before = None if self._something_is_open else self._present()
        self.engine.push(self._replacing)
        self._no_transaction_remains()
        after = self._present()
        self._require("push changed the database", after.differences(before) if before else [])
        self._baselines.append(after)
        self.engine.hand_over()

    @property
    def _something_is_open(self) -> bool:
        """Whether locks may be held that a snapshot would wait for."""
        prepared = "prepared" in self.effective
        return prepared or any(session.in_transaction for session in self._sessions)

    def _present(self) -> Snapshot:
        whole = self._kind.keeps_objects
        return take(self._watching(), built_in=False, catalogue=whole, cluster_wide=whole)

    def _of_template(self) -> Snapshot:
        return take(self._mirror_connection(), built_in=False)

    def _pop(self) -> None:
        if len(self._baselines) == 1:
            return
        self.log.append("pop")
        self.effective.add("pop")
        self.engine.pop(self._replacing)
        self._baselines.pop()
        self._noticed = True
        self._compare()
        self.engine.hand_over()

    def _restart(self) -> None:
        self.log.append("restart")
        self.effective.add("restart")
        self._mirror.close()
        self._server.restart()
        self._forget_sessions()

    def _compare(self) -> None:
        self._no_transaction_remains()
        self._resets += 1
        baseline = self._baselines[-1]
        if not self._kind.keeps_objects:
            found = take(self._watching(), catalogue=False, cluster_wide=False)
            expected = baseline.only_content()
        elif self._resets % _WHOLE_EVERY == 0 and self._whole and len(self._baselines) == 1:
            found, expected = take(self._watching()), self._whole
        elif self._noticed:
            found, expected = self._present(), baseline
        else:
            found = take(self._watching(), catalogue=False, cluster_wide=False)
            expected = baseline.only_content()
        mirror = self._mirror_connection() if len(self._baselines) == 1 else None
        differences = found.differences(expected, connection=self._watching(), mirror=mirror)
        self._require("the database differs from its baseline", differences)

    def _no_transaction_remains(self) -> None:
        open_ones = [session for session in self._sessions if session.in_transaction]
        if open_ones:
            (row,) = self._watching().execute(
                "select count(*) from pg_stat_activity where datname = current_database() "
                "and state like 'idle in transaction%'"
            )
            self._require("transactions of the application are still open", [str(row[0])] if row[0] else [])
        for session in open_ones:
            session.forget()

    def _require(self, title: str, differences: list[str]) -> None:
        self.leaks += differences
        assert not differences, "\n  ".join([f"{title}:", *differences])

    @contextlib.contextmanager
    def _replacing(self) -> Iterator[None]:
        self.log.append("  (sessions may end)")
        try:
            yield
        finally:
            for session in self._sessions:
                session.excuse()
            self._doubted = True

    def _forget_sessions(self) -> None:
        for session in self._sessions:
            session.forget()
        if self._observer is not None:
            self._observer.close()
            self._observer = None

    def _watching(self) -> psycopg.Connection[Any]:
        if self._doubted and self._observer is not None:
            with contextlib.suppress(psycopg.OperationalError):
                self._observer.execute("select")
        self._doubted = False
        if self._observer is None or self._observer.closed:
            self._observer = self._server.cluster.connect(DATABASE)
        return self._observer

    def _mirror_connection(self) -> psycopg.Connection[Any]:
        if self._mirror.closed:
            self._mirror = self._server.cluster.connect(MIRROR)
        return self._mirror

    def _session(self, login: str) -> Session:
        cluster = self._server.cluster
        words = {"host": "127.0.0.1", "port": cluster.port, "dbname": DATABASE, "gssencmode": "disable"}
        if login == "admin":
            words |= {"host": cluster.admin["host"], "user": cluster.admin["user"]}
        else:
            words |= {"user": cluster.owner.user, "password": cluster.owner.password, "sslmode": "disable"}
        return Session(" ".join(f"{name}={value}" for name, value in words.items()))

    def _give_up(self) -> None:
        self._forget_sessions()
        if self._engine is not None:
            engine, self._engine = self._engine, None
            # What a failed engine raises on its way out says nothing new.
            with contextlib.suppress(Exception):
                engine.close(drop_databases=False)
