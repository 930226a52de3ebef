"""psycopg has no hook that all connections share: the methods of its cursors are replaced while it is heard.

Whatever a connection offers (`execute`, a pool, Django) ends in these methods, and so do subclasses.
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

_DRIVER = "psycopg"


def install(sink: Sink, pooled: Pooled) -> Callable[[], None]:
    """Replace the methods; the function that puts them back."""
    import psycopg  # noqa: PLC0415 - loaded already

    heard = _Heard(sink, pooled)
    patches = Patches()
    for cursor in (psycopg.Cursor, psycopg.ServerCursor):
        patches.wrap(cursor, "execute", heard.method)
        patches.wrap(cursor, "executemany", heard.many)
        patches.wrap(cursor, "stream", heard.opening)
        patches.wrap(cursor, "copy", heard.opening)
    for waiting in (psycopg.AsyncCursor, psycopg.AsyncServerCursor):
        patches.wrap(waiting, "execute", heard.coroutine)
        patches.wrap(waiting, "executemany", heard.many_coroutine)
        patches.wrap(waiting, "stream", heard.opening)
        patches.wrap(waiting, "copy", heard.opening)
    return patches.undo


class _Heard:
    """Makes of a cursor's method one that tells."""

    def __init__(self, sink: Sink, pooled: Pooled) -> None:
        self._sink = sink
        self._pooled = pooled

    def method(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def execute(cursor: Any, query: Any, params: Any = None, **options: Any) -> Any:
            who = self._who(cursor)
            if who is None:
                return original(cursor, query, params, **options)
            began = time.perf_counter()
            try:
                result = original(cursor, query, params, **options)
            except BaseException as error:
                self._tell(who, cursor, query, began, params, failed=error)
                raise
            self._tell(who, cursor, query, began, params, rows=counted(cursor.rowcount))
            return result

        return execute

    def coroutine(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        async def execute(cursor: Any, query: Any, params: Any = None, **options: Any) -> Any:
            who = self._who(cursor)
            if who is None:
                return await original(cursor, query, params, **options)
            began = time.perf_counter()
            try:
                result = await original(cursor, query, params, **options)
            except BaseException as error:
                self._tell(who, cursor, query, began, params, failed=error)
                raise
            self._tell(who, cursor, query, began, params, rows=counted(cursor.rowcount))
            return result

        return execute

    def many(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def executemany(cursor: Any, query: Any, params_seq: Any, **options: Any) -> Any:
            who = self._who(cursor)
            began = time.perf_counter()
            try:
                return original(cursor, query, params_seq, **options)
            finally:
                self._tell(who, cursor, query, began, _first(params_seq), times=_length(params_seq))

        return executemany

    def many_coroutine(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        async def executemany(cursor: Any, query: Any, params_seq: Any, **options: Any) -> Any:
            who = self._who(cursor)
            began = time.perf_counter()
            try:
                return await original(cursor, query, params_seq, **options)
            finally:
                self._tell(who, cursor, query, began, _first(params_seq), times=_length(params_seq))

        return executemany

    def opening(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """Told when it is asked for: nobody knows when, or whether, it will be read to its end."""

        @functools.wraps(original)
        def open_it(cursor: Any, query: Any, params: Any = None, *rest: Any, **options: Any) -> Any:
            self._tell(self._who(cursor), cursor, query, time.perf_counter(), params)
            return original(cursor, query, params, *rest, **options)

        return open_it

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
        times: int | None = 1,
        rows: int | None = None,
        failed: BaseException | None = None,
    ) -> None:
        if who is not None:
            text = _text(query, cursor)
            sent = Sent(text, _DRIVER, began, values, times=times, rows=rows, failed=failed)
            self._sink.take(sent, by_handle=who == "db")


def _text(query: Any, cursor: Any) -> str:
    if isinstance(query, str):
        return query
    if isinstance(query, bytes):
        return query.decode("utf-8", "replace")
    from psycopg import sql  # noqa: PLC0415 - loaded already

    compose = getattr(query, "as_string", None) or functools.partial(sql.as_string, query)
    return str(compose(cursor))


def _length(sets: Any) -> int | None:
    return len(sets) if hasattr(sets, "__len__") else None


def _first(sets: Any) -> Any:
    return next(iter(sets), ()) if hasattr(sets, "__len__") else ()
