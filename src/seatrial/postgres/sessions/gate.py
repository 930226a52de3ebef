"""The events of one engine, passed on to the test that has its transaction there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import event

from seatrial.postgres.sessions.breakouts import is_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy.engine import Connection, Engine, ExceptionContext


class Occupant(Protocol):
    """Who wants to know, as long as it has the engine to itself."""

    def on_checkout(self, *_: object) -> None:
        """Somebody takes a connection from the pool."""

    def on_execution_options(self, connection: Connection, options: Mapping[str, Any]) -> None:
        """Somebody asks a connection for options, such as an isolation level."""

    def on_statement(self, connection: Connection, cursor: object, statement: str, *_: object) -> None:
        """A statement is about to be executed."""

    def on_error(self, context: ExceptionContext) -> None:
        """A statement has failed."""

    def on_commit(self, connection: Connection) -> None:
        """A connection commits."""

    def on_rollback(self, connection: Connection) -> None:
        """A connection rolls back."""


_EVENTS = {
    "checkout": "on_checkout",
    "set_connection_execution_options": "on_execution_options",
    "before_cursor_execute": "on_statement",
    "handle_error": "on_error",
    "commit": "on_commit",
    "rollback": "on_rollback",
}


class Gate:
    """Listens to an engine for as long as that lives: to come and go with each test costs SQLAlchemy 0.4 ms.

    Args:
        engine: whose events are passed on.

    Attributes:
        occupant: whom they are passed on to; None while nobody has a transaction.
        deferred: which constraints were deferred by themselves at the last look, as a list in SQL, or None.
        all_plain: whether every statement that was executed through SQLAlchemy since this was set is plain.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.occupant: Occupant | None = None
        self.deferred: str | None = None
        self.all_plain = True
        event.listen(engine, "before_cursor_execute", self._read)
        for name, method in _EVENTS.items():
            event.listen(engine, name, self._passing_on(method))

    def _read(self, _: object, __: object, statement: str, *___: object) -> None:
        self.all_plain = self.all_plain and is_plain(statement)

    def _passing_on(self, method: str) -> Callable[..., None]:
        def pass_on(*arguments: object) -> None:
            if self.occupant is not None:
                getattr(self.occupant, method)(*arguments)

        return pass_on
