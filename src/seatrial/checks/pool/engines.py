"""SQLAlchemy's engines, synchronous and asynchronous, used in one way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seatrial.app.pools.addresses import is_one_of
from seatrial.app.pools.sqlalchemy import leads_to

if TYPE_CHECKING:
    from seatrial.app import AppRunner
    from seatrial.app.pools.addresses import Addresses


class EngineUse:
    """Takes connections of an engine as the application does.

    Args:
        engine: a synchronous one, or the one inside of an asynchronous one.
        runner: whose loop the asynchronous one works in.
    """

    def __init__(self, engine: Any, runner: AppRunner) -> None:
        self._engine = engine
        self._runner = runner

    def take(self) -> Any:
        """Take a connection, and use it once."""
        return self._do(self._take)

    def give(self, connection: Any) -> None:
        """Give one back."""
        self._do(connection.close)

    def leads_to(self, places: Addresses) -> bool:
        """Tell whether its connections lead to one of the servers.

        A URL without a host does not tell: a `creator` decides, or the driver's own variables. So a
        connection is asked; where none can be opened the engine is taken for one of ours, and whoever uses
        it sees why.
        """
        url = self._engine.url
        if url.host:
            return is_one_of(url.host, url.port or 5432, places)
        if self._engine.dialect.name != "postgresql":
            return False
        try:
            connection = self.take()
        except Exception:  # noqa: BLE001 - the look that follows tells it
            return True
        try:
            return leads_to(connection.connection, places)
        finally:
            self.give(connection)

    def _take(self) -> Any:
        # A ping before, and the end of what is broken, belong to the engine.
        connection = self._engine.connect()
        try:
            connection.exec_driver_sql("select 1")
            connection.rollback()
        except BaseException:
            connection.close()
            raise
        return connection

    def _do(self, what: Any) -> Any:
        if not self._engine.dialect.is_async:
            return what()
        from sqlalchemy.util import greenlet_spawn  # noqa: PLC0415 - loaded already

        return self._runner.run(greenlet_spawn(what))
