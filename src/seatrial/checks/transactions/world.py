"""The state of the database before and after a run: made and looked at in a limited time."""

from __future__ import annotations

import contextvars
from concurrent.futures import wait as wait_for
from typing import TYPE_CHECKING, Any

from seatrial.checks.transactions.links import settled
from seatrial.checks.transactions.observer import Observer
from seatrial.checks.transactions.sqlstates import named
from seatrial.checks.transactions.workers import Worker
from seatrial.errors import TransactionError

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from seatrial.checks.transactions.calls import Run

_SECONDS_TO_CANCEL = 1.0
_SECONDS_TO_END = 5.0


class World:
    """Does `prepare` and `state` in a thread, so that whoever waits for a lock is not waited for.

    Args:
        url: of the database.
        observer: knows who waits for whom.
        prepare: makes the state every run begins with.
        state: shows what the calls have left.
        run: runs a coroutine to its end.
        timeout: seconds that each of the two may take.
    """

    def __init__(
        self,
        url: str,
        observer: Observer,
        prepare: str | Callable[[], Any],
        state: str | Callable[[], Any],
        *,
        run: Run,
        timeout: float,
    ) -> None:
        self._observer = observer
        self._prepare = prepare
        self._state = state
        self._run = run
        self._timeout = timeout
        self._hands = Observer(url)
        self._worker = Worker("transactions-state")
        self._is_stuck = False

    def prepare(self) -> None:
        """Make the state every run begins with."""
        self._do("prepare", self._prepare)

    def look(self) -> Any:
        """What the calls have left."""
        return self._do("state", self._state)

    def close(self) -> None:
        """End the connection, and the thread, unless somebody's function still keeps it."""
        self._worker.end(0 if self._is_stuck else _SECONDS_TO_END)
        self._hands.close()

    def _do(self, name: str, what: str | Callable[[], Any]) -> Any:
        context = contextvars.copy_context()
        doing = self._worker.submit(lambda: context.run(self._done, name, what))
        if not wait_for([doing], self._timeout).done:
            raise self._hang(name, doing)
        return doing.result()

    def _done(self, name: str, what: str | Callable[[], Any]) -> Any:
        import psycopg  # noqa: PLC0415 - loaded already

        if isinstance(what, str):
            try:
                return self._hands.rows(what)
            except psycopg.Error as error:
                raise TransactionError(
                    f"expected that `{name}` can be done, found {named(error)}",
                    code="transactions.statement",
                    remedy="correct it; what the application's role may not do, a function does as another: "
                    "lambda: db.execute(...)",
                ) from error
        made = what()
        return self._run(settled(made)) if hasattr(made, "__await__") else made

    def _hang(self, name: str, doing: Future[Any]) -> TransactionError:
        """Cancel what waits for locks; where the role may not do that, end those who hold them."""
        waits = self._observer.waits()
        holders = {pid for found in waits.values() for pid in found}
        lines = [
            f"session {pid} waits for {', '.join(f'session {each}' for each in sorted(found))}"
            for pid, found in sorted(waits.items())
        ]
        detail = "\n".join([*lines, *self._observer.describe({*waits, *holders})])
        self._observer.cancel({*waits, self._hands.pid})
        if not wait_for([doing], _SECONDS_TO_CANCEL).done and holders:
            self._observer.end(holders)
            wait_for([doing], _SECONDS_TO_END)
        self._is_stuck = not doing.done()
        return TransactionError(
            f"expected that `{name}` is over after {self._timeout:g} s, found that it is not",
            code="transactions.hang",
            detail=detail,
            remedy="end what holds the lock it waits for: a transaction that the test or the application has "
            "left open; or give it more `timeout`",
        )
