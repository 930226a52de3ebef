"""A project whose schema comes from Alembic, with the parts a test may want to break."""

from __future__ import annotations

from tests.support.project import Project

PYPROJECT = """
[tool.seatrial]
[tool.seatrial.env]
DATABASE_URL = "{database.url}"
[tool.seatrial.database]
schema = { alembic = "alembic.ini" }
"""

INI = """
[alembic]
script_location = migrations
sqlalchemy.url = postgresql://nobody@127.0.0.1:1/nowhere
"""

SYNC_ENV = """
from alembic import context
from sqlalchemy import engine_from_config, pool

def run():
    engine = engine_from_config(context.config.get_section("alembic"), poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=None)
        with context.begin_transaction():
            context.run_migrations()

run()
"""

# Reads the application's own variable, as many projects do.
ASYNC_ENV = """
import asyncio, os
from alembic import context
from sqlalchemy.ext.asyncio import create_async_engine

def migrate(connection):
    context.configure(connection=connection, target_metadata=None)
    with context.begin_transaction():
        context.run_migrations()

async def run():
    engine = create_async_engine(os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
    await engine.dispose()

asyncio.run(run())
"""

# The mistake of many: the outer connection of an asynchronous engine is never committed.
UNCOMMITTED_ENV = ASYNC_ENV.replace(
    "    with context.begin_transaction():\n        context.run_migrations()\n",
    "    context.run_migrations()\n",
)

TESTS = """
def test_the_table_is_there(db):
    assert db.scalar("select count(*) from ports") == 0
"""


def revision(name: str, down: str | None, upgrade: str) -> str:
    """A migration that runs one statement."""
    return f"""
from alembic import op
revision = {name!r}
down_revision = {down!r}
def upgrade():
    op.execute({upgrade!r})
def downgrade():
    pass
"""


def alembic_project(project: Project, *, env: str = SYNC_ENV, **revisions: str) -> Project:
    """Write the project; `revisions` are file stems and texts."""
    files = revisions or {"r1": revision("r1", None, "create table ports (id int primary key)")}
    versions = {f"migrations/versions/{name}.py": text for name, text in files.items()}
    return project.write(
        {
            "pyproject.toml": PYPROJECT,
            "alembic.ini": INI,
            "migrations/env.py": env,
            "test_ports.py": TESTS,
            **versions,
        }
    )
