"""The drivers, made to stop before each statement and each commit of a call; in place while calls run."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

from seatrial.checks.transactions.calls import current_call
from seatrial.checks.transactions.links import pid_of
from seatrial.checks.transactions.observer import short
from seatrial.ledger.sql.imports import ImportWatch
from seatrial.ledger.sql.sink import Patches
from seatrial.ledger.sql.sqlalchemy import Pooled

if TYPE_CHECKING:
    from collections.abc import Callable

    from seatrial.checks.transactions.calls import Call

COMMIT = "COMMIT"
# What these do, no other transaction can see: to stop there would only make more interleavings of the same.
_UNSEEN = re.compile(
    r"\s*(begin|start\s+transaction|rollback|abort|savepoint|release|set|show|reset|discard|close"
    r"|select\s+pg_advisory_unlock_all)\b",
    re.IGNORECASE,
)
_STOPPED_BY_DRIVERS = ("psycopg", "psycopg_async", "asyncpg")
_RAN = ("execute", "executemany", "stream", "copy")


class Hooks:
    """Replaces methods of psycopg and asyncpg, and listens to SQLAlchemy for other drivers.

    Whoever is no call of ours, and whatever pools of SQLAlchemy ask for themselves, is let through.
    """

    def __init__(self) -> None:
        self._patches = Patches()
        self._pooled = Pooled()
        self._enders: list[Callable[[], None]] = []
        self._watch = ImportWatch(
            {"psycopg": self._psycopg, "asyncpg": self._asyncpg, "sqlalchemy": self._sqlalchemy}
        )

    def install(self) -> None:
        """Begin, now for every library that is loaded, and for the others when a call imports them."""
        self._watch.install()

    def remove(self) -> None:
        """Put everything back."""
        self._watch.remove()
        self._patches.undo()
        while self._enders:
            self._enders.pop()()

    # --- where they stop ---------------------------------------------------------------------------------

    def _stop(self, connection: Any, statement: Any) -> None:
        if (call := self._stops(connection, label := _label(statement))) is not None:
            call.pause(pid_of(connection), label)

    async def _stop_async(self, connection: Any, statement: Any) -> None:
        if (call := self._stops(connection, label := _label(statement))) is not None:
            await call.pause_async(pid_of(connection), label)

    def _stops(self, connection: Any, label: str) -> Call | None:
        call = current_call()
        return None if call is None or _UNSEEN.match(label) or connection in self._pooled else call

    # --- libraries ---------------------------------------------------------------------------------------

    def _psycopg(self) -> None:
        import psycopg  # noqa: PLC0415 - loaded already

        for cursor in (psycopg.Cursor, psycopg.ServerCursor):
            for name in _RAN:
                self._patches.wrap(cursor, name, self._blocking(lambda cursor: cursor.connection))
        for waiting in (psycopg.AsyncCursor, psycopg.AsyncServerCursor):
            # A stream and a COPY of these are generators: they are not stopped.
            for name in _RAN[:2]:
                self._patches.wrap(waiting, name, self._waiting(lambda cursor: cursor.connection))
        self._patches.wrap(psycopg.Connection, "commit", self._blocking(lambda it: it, commits=True))
        self._patches.wrap(psycopg.AsyncConnection, "commit", self._waiting(lambda it: it, commits=True))
        # A `with connection.transaction()` does not end by those.
        self._patches.wrap(psycopg.Transaction, "__exit__", self._ending)
        self._patches.wrap(psycopg.AsyncTransaction, "__aexit__", self._ending_async)

    def _asyncpg(self) -> None:
        from asyncpg.connection import (  # type: ignore[import-untyped]  # noqa: PLC0415 - loaded already
            Connection,
        )
        from asyncpg.prepared_stmt import (  # type: ignore[import-untyped]  # noqa: PLC0415 - loaded already
            PreparedStatement,
        )

        many = ("execute", "executemany", "fetch", "fetchrow", "fetchval", "fetchmany")
        for name in (*many, "_copy_in", "_copy_out", "copy_records_to_table"):
            self._patches.wrap(Connection, name, self._waiting(lambda it: it))
        for name in many:
            self._patches.wrap(
                PreparedStatement,
                name,
                self._waiting(lambda it: it._connection, text=lambda it: it.get_query()),  # noqa: SLF001 - it is offered nowhere
            )

    def _sqlalchemy(self) -> None:
        from sqlalchemy import event  # noqa: PLC0415 - loaded already
        from sqlalchemy.engine import Engine  # noqa: PLC0415
        from sqlalchemy.pool import Pool  # noqa: PLC0415

        listeners = (
            (Pool, "connect", self._pooled.keeps),
            (Pool, "checkin", self._pooled.keeps),
            (Pool, "checkout", self._pooled.lends),
            (Engine, "before_cursor_execute", lambda it, _, text, *__: self._of_engine(it, text)),
            (Engine, "commit", lambda it: self._of_engine(it, COMMIT)),
        )
        for listener in listeners:
            event.listen(*listener)
            self._enders.append(functools.partial(event.remove, *listener))

    def _of_engine(self, connection: Any, statement: str) -> None:
        """For psycopg2 and others: where the driver itself was made to stop, that is enough."""
        if connection.dialect.driver not in _STOPPED_BY_DRIVERS and current_call() is not None:
            self._stop(connection.connection.driver_connection, statement)

    # --- methods made to stop ----------------------------------------------------------------------------

    def _blocking(self, connection: Callable[[Any], Any], *, commits: bool = False) -> Callable[[Any], Any]:
        def around(original: Callable[..., Any]) -> Callable[..., Any]:
            @functools.wraps(original)
            def run(owner: Any, *values: Any, **options: Any) -> Any:
                if not commits or _in_transaction(owner):
                    self._stop(connection(owner), COMMIT if commits else _first(values, options))
                return original(owner, *values, **options)

            return run

        return around

    def _waiting(
        self,
        connection: Callable[[Any], Any],
        *,
        commits: bool = False,
        text: Callable[[Any], Any] | None = None,
    ) -> Callable[[Any], Any]:
        def around(original: Callable[..., Any]) -> Callable[..., Any]:
            @functools.wraps(original)
            async def run(owner: Any, *values: Any, **options: Any) -> Any:
                if not commits or _in_transaction(owner):
                    statement = text(owner) if text is not None else _first(values, options)
                    await self._stop_async(connection(owner), COMMIT if commits else statement)
                return await original(owner, *values, **options)

            return run

        return around

    def _ending(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def leave(transaction: Any, kind: Any, *rest: Any) -> Any:
            if kind is None and _commits(transaction):
                self._stop(transaction.connection, COMMIT)
            return original(transaction, kind, *rest)

        return leave

    def _ending_async(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        async def leave(transaction: Any, kind: Any, *rest: Any) -> Any:
            if kind is None and _commits(transaction):
                await self._stop_async(transaction.connection, COMMIT)
            return await original(transaction, kind, *rest)

        return leave


def _in_transaction(connection: Any) -> bool:
    return not connection.closed and connection.info.transaction_status != 0


def _commits(transaction: Any) -> bool:
    return bool(transaction._outer_transaction) and not transaction.force_rollback  # noqa: SLF001 - it is offered nowhere


def _first(values: tuple[Any, ...], options: dict[str, Any]) -> Any:
    return values[0] if values else options.get("query", "")


def _label(statement: Any) -> str:
    text = statement.decode("utf-8", "replace") if isinstance(statement, bytes) else statement
    return short(text).rstrip(";")
