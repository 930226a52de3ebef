"""The pool of connections and the sessions over it."""

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from agents.settings import Settings


def make_engine(settings: Settings) -> AsyncEngine:
    return create_async_engine(
        settings.database_url.get_secret_value(), pool_size=settings.database_pool_size
    )


def make_sessions(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    # Objects are returned to callers after the commit, so they must not expire with it.
    return async_sessionmaker(engine, expire_on_commit=False)
