"""Lakebase: the pool of connections, the password that ends after an hour, and what an outage is."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from sqlalchemy.exc import DBAPIError, TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from server.lib.credentials import LakebaseCredential
from server.lib.errors import ApiError, unavailable
from server.lib.jsonvalues import parsed
from server.lib.workspace import Workspace
from server.settings import Settings

# Connection, authorization, transaction rollback, resources, operator intervention, system error.
_OUTAGES = ("08", "28", "40", "53", "57", "58")


class Lakebase:
    """The pool, and transactions in it."""

    def __init__(self, settings: Settings, workspace: Workspace) -> None:
        self.credential = LakebaseCredential(settings, workspace)
        self.engine = _engine(settings, self.credential)
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session that commits at the end of the block.

        Raises:
            ApiError: 503 DATABASE_UNAVAILABLE; the database did not do what it was asked, and may later.
        """
        try:
            async with self._sessions.begin() as session:
                yield session
        except Exception as error:
            if not _is_outage(error):
                raise
            raise unavailable("DATABASE_UNAVAILABLE", "The database does not answer.") from error

    async def close(self) -> None:
        await self.engine.dispose()


def lakebase_not_configured() -> ApiError:
    return unavailable("LAKEBASE_NOT_CONFIGURED", "This deployment has no Lakebase: PGHOST is not set.")


def _engine(settings: Settings, credential: LakebaseCredential) -> AsyncEngine:
    limit = settings.database_timeout_seconds

    async def connect() -> asyncpg.Connection:
        # The password is asked for at each new connection. Sessions that are open outlive it.
        password = await credential.password()
        try:
            return await _connection(settings, password)
        except asyncpg.InvalidPasswordError:
            # A token can be taken back before its time; once is enough to find out.
            renewed = await credential.password(instead_of=password)
            if renewed == password:
                raise
            return await _connection(settings, renewed)

    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        pool_size=settings.database_pool_size,
        pool_timeout=limit,
        pool_pre_ping=True,
        hide_parameters=True,
        json_deserializer=parsed,
    )


async def _connection(settings: Settings, password: str) -> asyncpg.Connection:
    return await asyncpg.connect(
        host=settings.pghost,
        port=settings.pgport,
        user=settings.pguser,
        password=password,
        database=settings.lakebase_database,
        ssl=settings.pgsslmode,
        timeout=settings.database_timeout_seconds,
        command_timeout=settings.database_timeout_seconds,
        server_settings={"application_name": "databricks-app", "TimeZone": "UTC"},
    )


def _is_outage(error: BaseException) -> bool:
    if isinstance(error, DBAPIError):
        state: str = getattr(error.orig, "sqlstate", None) or ""
        return error.connection_invalidated or state.startswith(_OUTAGES)
    # While it connects, asyncpg's own errors arrive as they are.
    return isinstance(error, OSError | PoolTimeoutError | asyncpg.PostgresError | asyncpg.InterfaceError)
