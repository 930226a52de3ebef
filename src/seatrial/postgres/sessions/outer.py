"""The transaction around a test: what the test commits are savepoints in it, and it is never committed."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError

from seatrial.ledger.sql import unrecorded
from seatrial.postgres.sessions import breakouts, scripts
from seatrial.postgres.sessions.savepoints import Savepoints
from seatrial.postgres.sql import literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.engine import Connection, ExceptionContext
    from sqlalchemy.pool import PoolProxiedConnection

    from seatrial.errors import IsolationError
    from seatrial.postgres.sessions.gate import Gate
    from seatrial.postgres.sessions.problems import Problems

_CHECK = "seatrial_check"
# Whoever changes a relation locks it until the end of the transaction.
_CHANGES_NO_SCHEMA = """
SELECT 1 / (NOT EXISTS (
  SELECT FROM pg_locks WHERE pid = pg_backend_pid() AND mode = 'AccessExclusiveLock'))::int
"""
# SET CONSTRAINTS goes by name, and refuses a name that also one has which can never be deferred.
_DEFERRED = """
select coalesce(string_agg(distinct quote_ident(n.nspname) || '.' || quote_ident(c.conname), ', '), '')
from pg_constraint c join pg_namespace n on n.oid = c.connamespace
where c.condeferred and not exists (
  select from pg_constraint o
  where o.connamespace = c.connamespace and o.conname = c.conname and not o.condeferrable)
"""


class OuterTransaction:
    """One connection with one transaction, begun at first use and rolled back at the end.

    Whoever commits on it releases a savepoint. Deferred constraints are checked there, as a COMMIT would,
    and once more at the end for what nobody committed. Whatever would end or leave the transaction is
    refused.

    For an asynchronous engine all methods have to be called where SQLAlchemy may await (`greenlet_spawn`).
    What can go wrong is looked for in one round trip, and only if something did, bit by bit.

    Args:
        gate: of the engine where to connect, whose events are listened to meanwhile.
        problems: where to note what is wrong with the test.
    """

    def __init__(self, gate: Gate, problems: Problems) -> None:
        self._gate = gate
        self._problems = problems
        self._connection: Connection | None = None
        self._savepoints = Savepoints()
        self._began: object = None
        self._unchecked = False
        self._ended = False

    def connection(self) -> Connection:
        """The connection, in its transaction.

        Raises:
            IsolationError: the test is over.
        """
        if self._ended:
            raise breakouts.broke_out(
                "its session was used again when the test, or the event loop of the session, had ended"
            )
        if self._connection is None:
            self._connection = self._begin()
        self._unchecked = True
        return self._connection

    def check(self) -> None:
        """Note a hidden violation, or that the transaction has been left; the test sees no change."""
        if self._connection is None or not self._unchecked:
            return
        self._unchecked = False
        try:
            self._examine()
        except Exception as error:  # noqa: BLE001 - whatever the driver says, the transaction cannot be told of
            self._problems.add(
                breakouts.broke_out(f"its connection cannot be used any more ({breakouts.text_of(error)})")
            )

    def end(self) -> None:
        """Check what nobody has checked yet, and roll everything back."""
        self.check()
        self._ended = True
        connection, self._connection = self._connection, None
        if connection is None:
            return
        self._gate.occupant = None
        if not self._rinsed(connection):
            with contextlib.suppress(Exception):
                # What is open in it would pass for another's, as long as the server has not noticed.
                connection.connection.rollback()
            connection.invalidate()
        # Where the server has ended its session already, the transaction is gone, and told of.
        with contextlib.suppress(DBAPIError):
            connection.close()

    def on_checkout(self, *_: object) -> None:
        """Refuse a second connection."""
        raise self._refuse("it opens a second connection, which does not see what the first has written")

    def on_execution_options(self, _: Connection, options: Mapping[str, Any]) -> None:
        """Refuse another isolation level."""
        level = options.get("isolation_level")
        if level is not None:
            raise self._refuse(
                f"it asks for the isolation level {level}, and its transaction has begun already"
            )

    def on_statement(self, connection: Connection, _: object, statement: str, *__: object) -> None:
        """Refuse what would end the transaction, and do what belongs to a COMMIT where one is meant."""
        what = breakouts.in_statement(statement)
        if what is not None:
            raise self._refuse(what)
        if self._savepoints.is_outermost_released_by(statement):
            self._as_at_commit(connection)
        self._savepoints.follow(statement)

    def on_error(self, context: ExceptionContext) -> None:
        """Tell what the server's refusal says about the transaction."""
        what = breakouts.in_failure(context.original_exception, context.statement)
        if what is not None:
            raise self._refuse(what) from context.original_exception

    def on_commit(self, _: Connection) -> None:
        """Refuse the end of the transaction."""
        raise self._refuse("it commits the transaction itself, by way of its connection")

    def on_rollback(self, _: Connection) -> None:
        """Refuse the end of the transaction."""
        raise self._refuse("it rolls the transaction back, by way of its connection")

    def _begin(self) -> Connection:
        connection = self._gate.engine.connect()
        connection.begin()
        self._connection = connection
        self._began = self._sql("select transaction_timestamp()")
        self._gate.occupant = self
        return connection

    def _rinsed(self, connection: Connection) -> bool:
        """Roll back and rinse; whether the next test can have the connection."""
        if self._problems.known:
            return False  # nobody knows what such a session still has
        try:
            scripts.rinse(connection.connection, plain=self._gate.all_plain)
        except Exception:  # noqa: BLE001 - every driver has its own
            return False
        return True

    def _examine(self) -> None:
        questions = [f"SELECT 1 / (transaction_timestamp() = {literal(str(self._began))}::timestamptz)::int"]
        if scripts.remembers_schema(self._raw):
            questions.append(_CHANGES_NO_SCHEMA)
        checks = "; ".join([*questions, "SET CONSTRAINTS ALL IMMEDIATE", f"ROLLBACK TO SAVEPOINT {_CHECK}"])
        if not self._passes(checks):
            self._gate.all_plain = False
            self._examine_bit_by_bit()

    def _examine_bit_by_bit(self) -> None:
        try:
            self._sql(f"SAVEPOINT {_CHECK}")
        except Exception as error:
            if breakouts.sqlstate(error) != breakouts.IN_FAILED_TRANSACTION or not self._savepoints.names:
                raise
            # A statement failed and nobody rolled back: only that part of the test's work is lost.
            self._sql(f"ROLLBACK TO SAVEPOINT {self._savepoints.names[-1]}")
            self._sql(f"SAVEPOINT {_CHECK}")
        if self._sql("select transaction_timestamp()") != self._began:
            self._problems.add(breakouts.broke_out("its transaction was ended, and another one begun"))
            return
        try:
            self._sql("SET CONSTRAINTS ALL IMMEDIATE")
        except Exception as error:  # noqa: BLE001 - every driver has its own
            self._problems.add(breakouts.hidden_violation(error))
        self._sql(f"ROLLBACK TO SAVEPOINT {_CHECK}")
        self._sql(f"RELEASE SAVEPOINT {_CHECK}")

    def _passes(self, script: str) -> bool:
        """Whether statements all succeed, in one round trip; if one fails, none was executed."""
        if not scripts.can_run(self._raw):
            return False
        try:
            scripts.run(self._raw, f"SAVEPOINT {_CHECK}; {script}; RELEASE SAVEPOINT {_CHECK}")
        except Exception:  # noqa: BLE001 - every driver has its own; whoever asked looks closer
            with contextlib.suppress(Exception):
                scripts.run(self._raw, f"ROLLBACK TO SAVEPOINT {_CHECK}; RELEASE SAVEPOINT {_CHECK}")
            return False
        return True

    @property
    def _raw(self) -> PoolProxiedConnection:
        """What is below SQLAlchemy, whose view of the transaction may be another after an error."""
        assert self._connection is not None  # callers looked
        return self._connection.connection

    def _sql(self, statement: str) -> object:
        cursor = self._raw.cursor()
        try:
            with unrecorded():
                cursor.execute(statement)
            row = cursor.fetchone() if cursor.description else None
        finally:
            cursor.close()
        return row[0] if row else None

    def _refuse(self, what: str) -> IsolationError:
        """The error to raise now; it is noted too, since the code under test may swallow it."""
        problem = breakouts.broke_out(what)
        self._problems.add(problem)
        return problem

    def _as_at_commit(self, connection: Connection) -> None:
        """Let deferred constraints speak now, and be deferred again for what follows, as a COMMIT does."""
        known = self._gate.deferred
        if known is not None and self._passes(
            f"{_immediate_but(known)}; SELECT 1 / (({_DEFERRED}) = {literal(known)})::int"
        ):
            return
        try:
            with unrecorded():
                connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")
        except DBAPIError:
            # SQLAlchemy takes a savepoint that could not be released for gone, and would not roll back to it.
            self._sql(f"ROLLBACK TO SAVEPOINT {self._savepoints.names[0]}")
            self._savepoints.names.clear()
            raise
        self._gate.deferred = known = str(self._sql(_DEFERRED))
        if known:
            self._sql(_deferring(known))


def _immediate_but(deferred: str) -> str:
    immediate = "SET CONSTRAINTS ALL IMMEDIATE"
    return f"{immediate}; {_deferring(deferred)}" if deferred else immediate


def _deferring(names: str) -> str:
    return f"SET CONSTRAINTS {names} DEFERRED"
