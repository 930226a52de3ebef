"""Retire SQLAlchemy's pooled connections through its own pool events."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from seatrial.app.pools.addresses import is_one_of
from seatrial.app.pools.sqlite import file_of

if TYPE_CHECKING:
    from seatrial.app.pools.addresses import Addresses

_KEY = "seatrial.generation"
_DRIVERS = ("asyncpg", "psycopg", "psycopg2", "psycopg2cffi", "pg8000")


class SqlalchemyHealer:
    """Makes every pool reconnect, at its next checkout, what was connected before a retirement.

    Works for sync and async engines, for any PostgreSQL driver and SQLite's, and for engines older than the
    healer.
    """

    def __init__(self) -> None:
        self._generation = 0
        self._addresses: set[tuple[str, int]] = set()
        self._is_installed = False

    def install(self) -> None:
        """Listen to all pools, if SQLAlchemy is loaded; may be called again and again."""
        if self._is_installed or "sqlalchemy.pool" not in sys.modules:
            return
        from sqlalchemy import event, pool  # noqa: PLC0415 - loaded already

        event.listen(pool.Pool, "connect", self._stamp)
        event.listen(pool.Pool, "checkout", self._refuse_old)
        self._is_installed = True

    def remove(self) -> None:
        """Stop listening."""
        if self._is_installed:
            from sqlalchemy import event, pool  # noqa: PLC0415 - loaded already

            event.remove(pool.Pool, "connect", self._stamp)
            event.remove(pool.Pool, "checkout", self._refuse_old)
            self._is_installed = False

    def retire(self, addresses: Addresses) -> None:
        """Declare all present connections to these servers outdated."""
        self.install()
        self._addresses.update(addresses)
        self._generation += 1

    def _stamp(self, _: Any, record: Any) -> None:
        record.info[_KEY] = self._generation

    def _refuse_old(self, connection: Any, record: Any, _: Any) -> None:
        if record.info.get(_KEY, 0) >= self._generation:
            return
        if not leads_to(connection, self._addresses):
            record.info[_KEY] = self._generation
            return
        from sqlalchemy.exc import DisconnectionError  # noqa: PLC0415 - loaded already

        raise DisconnectionError("the database was replaced after this connection was made")


def leads_to(connection: Any, addresses: Addresses) -> bool:
    """Tell whether a DBAPI connection leads to one of the servers; a server that cannot be told is one.

    A file of SQLite stands where a host does, with the port 0.
    """
    driver = getattr(connection, "driver_connection", connection)
    family = type(driver).__module__.partition(".")[0]
    if (file := file_of(connection)) is not None:
        return (str(file), 0) in addresses
    if family not in _DRIVERS:
        return False
    try:
        if family == "asyncpg":
            host, port = _of_asyncpg(driver)
        elif family == "pg8000":
            return True
        else:
            host, port = driver.info.host, driver.info.port
    except Exception:  # noqa: BLE001 - a broken connection may refuse to say where it led; it is outdated
        return True
    return is_one_of(host, port, addresses)


def _of_asyncpg(driver: Any) -> tuple[str, object]:
    address = driver._addr  # noqa: SLF001 - asyncpg offers it for open connections only
    if isinstance(address, str):  # a unix socket, .../.s.PGSQL.5432
        folder, _, name = address.rpartition("/")
        return folder, name.rpartition(".")[2]
    return address[0], address[1]
