"""The transaction around a test: what the test commits are savepoints in it, and it is never committed."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from seatrial.postgres.sessions import breakouts
from seatrial.postgres.sessions.savepoints import Savepoints
from seatrial.postgres.sql import identifier

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy.engine import Connection, Engine, ExceptionContext

    from seatrial.errors import IsolationError
    from seatrial.postgres.sessions.problems import Problems

_CHECK = "seatrial_check"
_DEFERRED = """
select n.nspname, c.conname from pg_constraint c join pg_namespace n on n.oid = c.connamespace
group by 1, 2 having bool_or(c.condeferred) and bool_and(c.condeferrable)
"""


class OuterTransaction:
    """One connection with one transaction, begun at first use and rolled back at the end.

    Whoever commits on it releases a savepoint. Deferred constraints are checked there, as a COMMIT would,
    and once more at the end for what nobody committed. Whatever would end or leave the transaction is
    refused.

    For an asynchronous engine all methods have to be called where SQLAlchemy may await (`greenlet_spawn`).

    Args:
        engine: where to connect. Its events are listened to for as long as it lives.
        problems: where to note what is wrong with the test.
    """

    def __init__(self, engine: Engine, problems: Problems) -> None:
        self._engine = engine
        self._problems = problems
        self._connection: Connection | None = None
        self._savepoints = Savepoints()
        self._began: object = None
        self._unchecked = False
        self._ended = False
        self._listeners: dict[str, Callable[..., Any]] = {
            "checkout": self._refuse_second,
            "set_connection_execution_options": self._refuse_options,
            "before_cursor_execute": self._before_statement,
            "handle_error": self._explain,
            "commit": self._refuse_commit,
            "rollback": self._refuse_rollback,
        }

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
        if connection is not None:
            for name, listener in self._listeners.items():
                event.remove(self._engine, name, listener)
            self._roll_back(connection)
            # Where the server has ended its session already, the transaction is gone, and told of.
            with contextlib.suppress(DBAPIError):
                connection.close()

    def _roll_back(self, connection: Connection) -> None:
        # After a commit that was refused SQLAlchemy takes the transaction for ended and leaves it open. A
        # connection that is closed like that ends its transaction at a moment of the server's choice.
        with contextlib.suppress(Exception):
            connection.connection.rollback()

    def _begin(self) -> Connection:
        connection = self._engine.connect()
        connection.begin()
        self._began = connection.exec_driver_sql("select transaction_timestamp()").scalar_one()
        for name, listener in self._listeners.items():
            event.listen(self._engine, name, listener)
        return connection

    def _examine(self) -> None:
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

    def _sql(self, statement: str) -> object:
        """Execute below SQLAlchemy, whose view of the transaction may be another after an error."""
        assert self._connection is not None  # callers looked
        cursor = self._connection.connection.cursor()
        try:
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

    def _refuse_second(self, *_: object) -> None:
        raise self._refuse("it opens a second connection, which does not see what the first has written")

    def _refuse_options(self, _: Connection, options: Mapping[str, Any]) -> None:
        level = options.get("isolation_level")
        if level is not None:
            raise self._refuse(
                f"it asks for the isolation level {level}, and its transaction has begun already"
            )

    def _before_statement(self, connection: Connection, _: object, statement: str, *__: object) -> None:
        what = breakouts.in_statement(statement)
        if what is not None:
            raise self._refuse(what)
        if self._savepoints.is_outermost_released_by(statement):
            self._as_at_commit(connection)
        self._savepoints.follow(statement)

    def _explain(self, context: ExceptionContext) -> None:
        what = breakouts.in_failure(context.original_exception, context.statement)
        if what is not None:
            raise self._refuse(what) from context.original_exception

    def _refuse_commit(self, _: Connection) -> None:
        if not self._ended:
            raise self._refuse("it commits the transaction itself, by way of its connection")

    def _refuse_rollback(self, _: Connection) -> None:
        if not self._ended:
            raise self._refuse("it rolls the transaction back, by way of its connection")

    def _as_at_commit(self, connection: Connection) -> None:
        """Let deferred constraints speak now, and be deferred again for what follows, as a COMMIT does."""
        try:
            connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")
        except DBAPIError:
            # SQLAlchemy takes a savepoint that could not be released for gone, and would not roll back to it.
            self._sql(f"ROLLBACK TO SAVEPOINT {self._savepoints.names[0]}")
            self._savepoints.names.clear()
            raise
        names = [
            f"{identifier(schema)}.{identifier(constraint)}"
            for schema, constraint in connection.exec_driver_sql(_DEFERRED)
        ]
        if names:
            connection.exec_driver_sql(f"SET CONSTRAINTS {', '.join(names)} DEFERRED")
