"""Runs the migrations on Lakebase as the settings name it, or on the database that the caller names."""

import asyncio

from alembic import context
from sqlalchemy import Connection, pool
from sqlalchemy.ext.asyncio import create_async_engine

from server.lib.database import Lakebase
from server.lib.workspace import Workspace
from server.models import Base
from server.settings import get_settings


def run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()


async def connect_and_run() -> None:
    if url := context.config.get_main_option("sqlalchemy.url"):
        # PGSSLMODE is about Lakebase, and asyncpg would read it for every other server too.
        engine = create_async_engine(url, poolclass=pool.NullPool, connect_args={"ssl": "prefer"})
    else:
        settings = get_settings()
        engine = Lakebase(settings, Workspace(settings)).engine
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


def print_sql() -> None:
    context.configure(dialect_name="postgresql", target_metadata=Base.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    print_sql()
else:
    asyncio.run(connect_and_run())
