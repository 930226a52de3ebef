"""The sessions of one process: engines that live as long as it does, one session of a kind for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seatrial.postgres.sessions.libraries import require_sqlalchemy

if TYPE_CHECKING:
    from seatrial.config import DatabaseAddress
    from seatrial.errors import IsolationError
    from seatrial.postgres.sessions.asynchronous import AsyncTestSession
    from seatrial.postgres.sessions.gate import Gate
    from seatrial.postgres.sessions.loops import Loops
    from seatrial.postgres.sessions.synchronous import SyncTestSession

APPLICATION_NAME = "seatrial session"


class Sessions:
    """Opens sessions of the application's role on the tested database.

    Args:
        address: the database, as the application has it.
    """

    def __init__(self, address: DatabaseAddress) -> None:
        self._address = address
        self._gate: Gate | None = None
        self._async_gate: Gate | None = None
        self._loops: Loops | None = None
        self._open: list[SyncTestSession | AsyncTestSession] = []

    def open(self, *, rollback: bool) -> SyncTestSession:
        """A synchronous session that has not connected yet.

        Raises:
            IsolationError: SQLAlchemy is missing or too old.
            SettingsError: no driver is installed.
        """
        require_sqlalchemy(asynchronous=False)
        from seatrial.postgres.sessions.synchronous import SyncTestSession  # noqa: PLC0415 - not our dependency

        opened = SyncTestSession(self._gate or self._make_gate(), rollback=rollback)
        self._open.append(opened)
        return opened

    def open_async(self, *, rollback: bool) -> AsyncTestSession:
        """An asynchronous session that has not connected yet; it belongs to no loop before its first await.

        Raises:
            IsolationError: SQLAlchemy or greenlet is missing, or SQLAlchemy is too old.
            SettingsError: no driver is installed.
        """
        require_sqlalchemy(asynchronous=True)
        from seatrial.postgres.sessions.asynchronous import AsyncTestSession  # noqa: PLC0415 - not our dependency

        if self._async_gate is None or self._loops is None:
            self._async_gate, self._loops = self._make_loops()
        opened = AsyncTestSession(self._async_gate, self._loops, rollback=rollback)
        self._open.append(opened)
        return opened

    def check(self) -> list[IsolationError]:
        """What is wrong with the running test, as far as its sessions know, and was not told yet."""
        for session in self._open:
            session.check()
        return [problem for session in self._open for problem in session.problems.take()]

    def end(self, opened: SyncTestSession | AsyncTestSession) -> list[IsolationError]:
        """Close a session; what was not told yet about the test."""
        opened.close()
        self._open.remove(opened)
        return opened.problems.take()

    def close(self) -> None:
        """Close what is kept from test to test."""
        if self._gate is not None:
            self._gate.engine.dispose()
        if self._loops is not None:
            self._loops.close()

    def _make_gate(self) -> Gate:
        from sqlalchemy import create_engine  # noqa: PLC0415 - not our dependency

        from seatrial.postgres.sessions.gate import Gate  # noqa: PLC0415

        self._gate = Gate(
            create_engine(self._address.url("sync"), pool_size=1, connect_args=self._named("sync"))
        )
        return self._gate

    def _make_loops(self) -> tuple[Gate, Loops]:
        from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415 - not our dependency

        from seatrial.postgres.sessions.gate import Gate  # noqa: PLC0415
        from seatrial.postgres.sessions.loops import Loops  # noqa: PLC0415

        url = self._address.url("async")
        driver = url.partition("://")[0].partition("+")[2]
        engine = create_async_engine(url, pool_size=1, connect_args=self._named(driver))
        return Gate(engine.sync_engine), Loops(engine, keep=self._address.engine != "sqlite")

    def _named(self, driver: str) -> dict[str, Any]:
        """How a connection says in `pg_stat_activity` whose it is."""
        if self._address.engine == "sqlite":
            return {}
        name = {"application_name": APPLICATION_NAME}
        return {"server_settings": name} if driver == "asyncpg" else dict(name)
