"""asyncpg: the public methods of its connections and prepared statements are replaced while it is heard.

Its own `add_query_logger` tells a turn of the loop later, when the answer may have been sent and the test be
over; it tells nothing of prepared statements, cursors and COPY, and of what the driver asks for itself.
"""

from __future__ import annotations

import functools
import time
from typing import TYPE_CHECKING, Any

from seatrial.ledger.sql.quiet import is_quiet
from seatrial.ledger.sql.sink import Patches, Sent

if TYPE_CHECKING:
    from collections.abc import Callable

    from seatrial.ledger.sql.sink import Sink
    from seatrial.ledger.sql.sqlalchemy import Pooled

_DRIVER = "asyncpg"
_ONE = ("execute", "fetch", "fetchrow", "fetchval")
_MANY = ("executemany", "fetchmany")
_COPIES = ("_copy_in", "_copy_out", "copy_records_to_table")


def install(sink: Sink, pooled: Pooled) -> Callable[[], None]:
    """Replace the methods; the function that puts them back."""
    from asyncpg.connection import (  # type: ignore[import-untyped]  # noqa: PLC0415 - loaded already
        Connection,
    )
    from asyncpg.prepared_stmt import (  # type: ignore[import-untyped]  # noqa: PLC0415 - loaded already
        PreparedStatement,
    )

    patches = Patches()
    for owner in (Connection, PreparedStatement):
        heard = _Heard(sink, pooled, prepared=owner is PreparedStatement)
        for name in _ONE:
            patches.wrap(owner, name, heard.one)
        for name in _MANY:
            patches.wrap(owner, name, heard.many)
        patches.wrap(owner, "cursor", heard.cursor)
    copies = [patches.wrap(Connection, name, _Heard(sink, pooled, prepared=False).copy) for name in _COPIES]
    if not all(copies):
        sink.gap("COPY by asyncpg is not recorded: this version of asyncpg has another form")
    return patches.undo


class _Heard:
    """Makes of a method one that tells."""

    def __init__(self, sink: Sink, pooled: Pooled, *, prepared: bool) -> None:
        self._sink = sink
        self._pooled = pooled
        self._prepared = prepared

    def one(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        async def run(owner: Any, *values: Any, **options: Any) -> Any:
            if self._is_silent(owner):
                return await original(owner, *values, **options)
            text, given = self._split(owner, values)
            began = time.perf_counter()
            try:
                result = await original(owner, *values, **options)
            except BaseException as error:
                self._sink.take(Sent(text, _DRIVER, began, given, failed=error))
                raise
            rows = _rows(result, fetchrow=original.__name__ == "fetchrow")
            self._take(owner, Sent(text, _DRIVER, began, given, rows=rows))
            return result

        return run

    def many(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        async def run(owner: Any, *values: Any, **options: Any) -> Any:
            if self._is_silent(owner):
                return await original(owner, *values, **options)
            text, rest = self._split(owner, values)
            sets = rest[0] if rest else options.get("args", ())
            known = hasattr(sets, "__len__")
            began = time.perf_counter()
            try:
                return await original(owner, *values, **options)
            finally:
                first = next(iter(sets), ()) if known else ()
                self._take(owner, Sent(text, _DRIVER, began, first, times=len(sets) if known else None))

        return run

    def copy(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """Its first argument is a statement, or the name of a table."""

        @functools.wraps(original)
        async def run(owner: Any, what: Any, *values: Any, **options: Any) -> Any:
            text = str(what)
            if not original.__name__.startswith("_"):
                schema = options.get("schema_name")
                text = 'COPY "{}" FROM STDIN'.format('"."'.join([schema, text] if schema else [text]))
            began = time.perf_counter()
            try:
                return await original(owner, what, *values, **options)
            finally:
                if not self._is_silent(owner):
                    self._sink.take(Sent(text, _DRIVER, began))

        return run

    def cursor(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """Told when it is asked for: nobody knows when, or whether, it will be read to its end."""

        @functools.wraps(original)
        def open_it(owner: Any, *values: Any, **options: Any) -> Any:
            if not self._is_silent(owner):
                text, given = self._split(owner, values)
                self._take(owner, Sent(text, _DRIVER, time.perf_counter(), given))
            return original(owner, *values, **options)

        return open_it

    def _take(self, owner: Any, sent: Sent) -> None:
        # What the pool sends when it gets a connection back.
        if self._prepared or sent.text != owner.get_reset_query():
            self._sink.take(sent)

    def _is_silent(self, owner: Any) -> bool:
        connection = owner._connection if self._prepared else owner  # noqa: SLF001 - it is offered nowhere
        return not self._sink.is_heard or is_quiet() or connection in self._pooled

    def _split(self, owner: Any, values: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
        if self._prepared:
            return str(owner.get_query()), values
        return str(values[0]) if values else "", values[1:]


def _rows(result: Any, *, fetchrow: bool) -> int | None:
    if fetchrow:
        return 0 if result is None else 1
    if isinstance(result, list):
        return len(result)
    last = result.rpartition(" ")[2] if isinstance(result, str) else ""
    return int(last) if last.isascii() and last.isdigit() else None
