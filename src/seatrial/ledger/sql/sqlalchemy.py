"""SQLAlchemy tells of statements by its events, of every engine there is, synchronous or not."""

from __future__ import annotations

import contextlib
import functools
import time
import weakref
from typing import TYPE_CHECKING, Any

from seatrial.ledger.sql.quiet import OWN, RUNNING, unrecorded
from seatrial.ledger.sql.sink import Patches, Sent, count, counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from seatrial.ledger.sql.sink import Sink


class Pooled:
    """The connections that pools of SQLAlchemy have to themselves: what is sent there, nobody asked for.

    It asks a new server for its version, sets types up, and asks old connections whether they are alive.
    """

    def __init__(self) -> None:
        self._connections: weakref.WeakSet[Any] = weakref.WeakSet()

    def __contains__(self, connection: Any) -> bool:
        try:
            return connection in self._connections
        except TypeError:  # a connection that cannot be referred to weakly
            return False

    def clear(self) -> None:
        """Forget all: nobody tells any more what pools keep and lend."""
        self._connections.clear()

    def keeps(self, connection: Any, *_: object) -> None:
        """It made a connection, or was given one back."""
        with contextlib.suppress(TypeError):  # none, or one that cannot be referred to weakly
            self._connections.add(_driver_of(connection))

    def lends(self, connection: Any, *_: object) -> None:
        """It gives a connection to somebody."""
        with contextlib.suppress(TypeError):
            self._connections.discard(_driver_of(connection))


def install(sink: Sink, pooled: Pooled) -> Callable[[], None]:
    """Listen to all engines and pools; the function that ends it."""
    from sqlalchemy import event  # noqa: PLC0415 - loaded already
    from sqlalchemy.engine import Engine  # noqa: PLC0415
    from sqlalchemy.engine.default import DefaultDialect  # noqa: PLC0415
    from sqlalchemy.pool import Pool  # noqa: PLC0415

    statements = _Statements(sink)
    listeners = (
        (Engine, "before_cursor_execute", statements.begins),
        (Engine, "after_cursor_execute", statements.ends),
        (Engine, "handle_error", statements.fails),
        (Pool, "connect", pooled.keeps),
        (Pool, "checkin", pooled.keeps),
        (Pool, "checkout", pooled.lends),
    )
    for listener in listeners:
        event.listen(*listener)
    patches = Patches()
    # A connection that lay in its pool before anybody listened is not known to be the pool's.
    patches.wrap(DefaultDialect, "_do_ping_w_event", _silent)

    def end() -> None:
        patches.undo()
        for listener in listeners:
            event.remove(*listener)

    return end


def _silent(original: Callable[..., Any]) -> Callable[..., Any]:
    """The same method; what it sends, nobody has asked for."""

    @functools.wraps(original)
    def ping(*arguments: Any) -> Any:
        with unrecorded():
            return original(*arguments)

    return ping


class _Statements:
    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def begins(self, *_: object) -> None:
        """A cursor is about to execute: its driver's own hook has nothing to tell."""
        RUNNING.set(time.perf_counter() if self._sink.is_heard and not OWN.get() else None)

    def ends(self, connection: Any, cursor: Any, statement: str, parameters: Any, _: Any, many: bool) -> None:
        """A cursor has executed."""
        self._take(connection.dialect, statement, parameters, many=many, rows=_rows(cursor))

    def fails(self, context: Any) -> None:
        """Something went wrong, perhaps while a cursor executed."""
        if context.statement is not None:
            many = bool(getattr(context.execution_context, "executemany", False))
            self._take(
                context.dialect,
                context.statement,
                context.parameters,
                many=many,
                failed=context.original_exception,
            )

    def _take(
        self,
        dialect: Any,
        statement: str,
        parameters: Any,
        *,
        many: bool,
        rows: int | None = None,
        failed: BaseException | None = None,
    ) -> None:
        began = RUNNING.get()
        if began is None:
            return
        RUNNING.set(None)
        one = parameters[0] if many and parameters else parameters
        self._sink.take(
            Sent(
                statement,
                dialect.driver,
                began,
                one,
                times=count(parameters) if many else 1,
                rows=rows,
                failed=failed,
            )
        )


def _rows(cursor: Any) -> int | None:
    try:
        return counted(cursor.rowcount)
    except Exception:  # noqa: BLE001 - some drivers refuse to say
        return None


def _driver_of(connection: Any) -> Any:
    return getattr(connection, "driver_connection", connection)
