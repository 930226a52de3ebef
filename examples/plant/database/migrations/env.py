"""Runs the migrations against the database that the application's own settings, or the caller, name."""

import asyncio

from alembic import context
from sqlalchemy import Connection, pool
from sqlalchemy.ext.asyncio import create_async_engine

from core.settings import get_settings
from models import Base

# A migration that has to wait for a table, or takes long, would hold up everybody who uses it.
LIMITS = {"lock_timeout": "5s", "statement_timeout": "60s"}


def url() -> str:
    named = context.config.get_main_option("sqlalchemy.url")
    return named or get_settings().database_url.get_secret_value()


def run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=Base.metadata, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


async def connect_and_run() -> None:
    engine = create_async_engine(url(), poolclass=pool.NullPool, connect_args={"server_settings": LIMITS})
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


def print_sql() -> None:
    context.configure(url=url(), target_metadata=Base.metadata, literal_binds=True)
    with context.begin_transaction():
        for name, limit in LIMITS.items():
            context.execute(f"SET {name} = '{limit}'")
        context.run_migrations()


if context.is_offline_mode():
    print_sql()
else:
    asyncio.run(connect_and_run())
