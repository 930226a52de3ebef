"""seatrial, whatever `isolation` its settings name: an asyncpg engine on one event loop."""

import os
from collections.abc import AsyncIterator

import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def engine() -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(os.environ["DATABASE_URL"])
    yield engine
    await engine.dispose()


@pytest_asyncio.fixture(loop_scope="session")
async def session(engine: AsyncEngine, seatrial_db: object) -> AsyncIterator[AsyncSession]:  # noqa: ARG001
    async with AsyncSession(engine, expire_on_commit=False) as session:
        yield session
