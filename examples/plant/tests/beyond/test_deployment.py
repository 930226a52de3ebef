"""What goes wrong around the application: the wrong role, a lock that is held, no database to migrate."""

import io

import pytest
from alembic import command
from fastapi import FastAPI
from pydantic import ValidationError
from sqlalchemy import text
from steps import alembic_at

from api.main import create_app
from core.connector import DatabaseConnector
from core.errors import TransientError
from core.settings import Settings
from models import AuditEntry, Base
from security import audit
from security.rls import UnrestrictedRoleError


async def test_the_application_does_not_start_as_the_owner(database):
    owner = database.cluster.address(database.name, login="owner").url("postgresql+asyncpg")
    app = create_app(Settings(database_url=owner))
    assert isinstance(app, FastAPI)
    with pytest.raises(UnrestrictedRoleError, match="owns the tables"):
        async with app.router.lifespan_context(app):
            pass


async def test_who_waits_too_long_for_the_audit_log_may_try_again(database, db):
    settings = Settings(
        database_url=database.address.url("postgresql+asyncpg"),
        database_lock_timeout_seconds=0.05,
        transaction_attempts=2,
    )
    async with DatabaseConnector(settings) as connector:
        async with connector.transaction("agent-a") as holder:
            await holder.execute(audit.LOCK)
            with pytest.raises(TransientError) as late:
                await connector.run(lambda session: session.execute(audit.LOCK), agent_id="agent-a")
            assert late.value.sqlstate == "55P03"
            assert connector.metrics()["read_write"].retries == 1
        assert await connector.run(lambda session: session.scalar(text("SELECT 1")), agent_id="agent-a") == 1
    assert db.scalar("SELECT count(*) FROM audit_log") == 0


async def test_an_entry_by_hand_is_no_change_of_an_entity(database, db):
    settings = Settings(database_url=database.address.url("postgresql+asyncpg"))
    async with DatabaseConnector(settings) as connector, connector.session("agent-a") as session:
        session.add(AuditEntry(sequence=1))
        with pytest.raises(Exception, match="NotNullViolation"):
            await session.flush()
    assert db.scalar("SELECT count(*) FROM audit_log") == 0


def test_the_migrations_can_be_printed():
    printed = io.StringIO()
    config = alembic_at("postgresql+asyncpg://nobody@127.0.0.1/nothing")
    config.output_buffer = printed
    command.upgrade(config, "head", sql=True)
    assert 'CREATE EXTENSION IF NOT EXISTS "uuid-ossp"' in printed.getvalue()
    for table in Base.metadata.tables:
        assert f"CREATE TABLE {table} (" in printed.getvalue()


def test_settings_are_held_against_reason():
    for wrong in ({"database_pool_size": 0}, {"database_max_overflow": -1}, {"transaction_attempts": 0}):
        with pytest.raises(ValidationError):
            Settings(database_url="postgresql+asyncpg://x/y", **wrong)
    assert "secret" not in repr(Settings(database_url="postgresql+asyncpg://x:secret@y/z"))
