"""SQLAlchemy's recipe with asyncpg and a new engine in each test, the usual way round loop errors."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from sqlalchemy import URL, NullPool, create_engine
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from bench.isolation.suites.models import Base
from bench.isolation.suites.server import fresh_database


@pytest.fixture(scope="session")
def url() -> Iterator[URL]:
    with fresh_database("rollback_async_new_engine") as url:
        Base.metadata.create_all(create_engine(url, poolclass=NullPool))
        yield url.set(drivername="postgresql+asyncpg")


@pytest_asyncio.fixture
async def session(url: URL) -> AsyncIterator[AsyncSession]:
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        outer = await connection.begin()
        async with AsyncSession(
            bind=connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        ) as session:
            yield session
        await outer.rollback()
    await engine.dispose()
