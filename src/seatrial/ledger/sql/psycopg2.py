"""psycopg2: its connections are made of a class of ours while it is heard, whose cursors tell.

Its own classes are C and cannot be changed. Ours are subclasses of whatever class was asked for.
"""

from __future__ import annotations

import functools
import time
from typing import TYPE_CHECKING, Any

from seatrial.ledger.sql.sink import Patches, Sent, caller, counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from seatrial.ledger.sql.sink import Sink
    from seatrial.ledger.sql.sqlalchemy import Pooled

_DRIVER = "psycopg2"


def install(sink: Sink, pooled: Pooled) -> Callable[[], None]:
    """Replace what `psycopg2.connect` calls; the function that puts it back."""
    import psycopg2  # type: ignore[import-untyped]  # noqa: PLC0415 - loaded already

    make = _Classes(sink, pooled)
    patches = Patches()

    def around(original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def connect(dsn: Any, connection_factory: Any = None, **options: Any) -> Any:
            factory = connection_factory or psycopg2.extensions.connection
            if isinstance(factory, type):
                factory = make.connection(factory)
            return original(dsn, connection_factory=factory, **options)

        return connect

    if not patches.wrap(psycopg2, "_connect", around):
        sink.gap("statements by psycopg2 are not recorded: this version of it has another form")
    return patches.undo


class _Classes:
    """Subclasses of connections and cursors; one for each class."""

    def __init__(self, sink: Sink, pooled: Pooled) -> None:
        self._sink = sink
        self._pooled = pooled
        self.connection = functools.cache(self._connection)
        self.cursor = functools.cache(self._cursor)

    def _connection(self, base: type[Any]) -> type[Any]:
        make = self

        class Connection(base):  # type: ignore[misc]  # the class that was asked for
            def cursor(self, *arguments: Any, **options: Any) -> Any:
                # name, cursor_factory, scrollable, withhold
                given = arguments[1] if len(arguments) > 1 else options.get("cursor_factory")
                wanted = given or self.cursor_factory or _plain()
                if not isinstance(wanted, type):
                    return super().cursor(*arguments, **options)
                options = {**options, "cursor_factory": make.cursor(wanted)}
                return super().cursor(*arguments[:1], *arguments[2:], **options)

        return _disguised(Connection, base)

    def _cursor(self, base: type[Any]) -> type[Any]:
        tell, who_sends = self._tell, self._who

        class Cursor(base):  # type: ignore[misc]  # the same
            def execute(self, query: Any, vars: Any = None) -> Any:  # noqa: A002 - psycopg2's name for it
                if (who := who_sends(self)) is None:
                    return super().execute(query, vars)
                began = time.perf_counter()
                try:
                    result = super().execute(query, vars)
                except BaseException as error:
                    tell(who, self, query, began, vars, failed=error)
                    raise
                tell(who, self, query, began, vars, rows=counted(self.rowcount))
                return result

            def executemany(self, query: Any, vars_list: Any) -> Any:
                who = who_sends(self)
                sets = list(vars_list)
                began = time.perf_counter()
                try:
                    return super().executemany(query, sets)
                finally:
                    tell(who, self, query, began, sets[0] if sets else (), times=len(sets))

            def copy_expert(self, sql: Any, *arguments: Any, **options: Any) -> Any:
                who, began = who_sends(self), time.perf_counter()
                try:
                    return super().copy_expert(sql, *arguments, **options)
                finally:
                    tell(who, self, sql, began, ())

            def copy_from(self, file: Any, table: str, *arguments: Any, **options: Any) -> Any:
                who, began = who_sends(self), time.perf_counter()
                try:
                    return super().copy_from(file, table, *arguments, **options)
                finally:
                    tell(who, self, f'COPY "{table}" FROM STDIN', began, ())

            def copy_to(self, file: Any, table: str, *arguments: Any, **options: Any) -> Any:
                who, began = who_sends(self), time.perf_counter()
                try:
                    return super().copy_to(file, table, *arguments, **options)
                finally:
                    tell(who, self, f'COPY "{table}" TO STDOUT', began, ())

            def callproc(self, procname: str, *arguments: Any) -> Any:
                who, began = who_sends(self), time.perf_counter()
                try:
                    return super().callproc(procname, *arguments)
                finally:
                    values = arguments[0] if arguments else ()
                    tell(who, self, f"SELECT * FROM {procname}()", began, values)  # noqa: S608 - a text to read

        return _disguised(Cursor, base)

    def _who(self, cursor: Any) -> str | None:
        if not self._sink.is_heard or cursor.connection in self._pooled:
            return None
        return caller(3)

    def _tell(
        self,
        who: str | None,
        cursor: Any,
        query: Any,
        began: float,
        values: Any,
        *,
        times: int = 1,
        rows: int | None = None,
        failed: BaseException | None = None,
    ) -> None:
        if who is not None:
            text = _text(query, cursor)
            sent = Sent(text, _DRIVER, began, values, times=times, rows=rows, failed=failed)
            self._sink.take(sent)


def _plain() -> type[Any]:
    from psycopg2 import extensions  # noqa: PLC0415 - loaded already

    plain: type[Any] = extensions.cursor
    return plain


def _disguised(made: type[Any], base: type[Any]) -> type[Any]:
    """A class that shows the name of the one it stands for."""
    made.__name__, made.__qualname__, made.__module__ = base.__name__, base.__qualname__, base.__module__
    return made


def _text(query: Any, cursor: Any) -> str:
    if isinstance(query, bytes):
        return query.decode("utf-8", "replace")
    return query if isinstance(query, str) else str(query.as_string(cursor))
