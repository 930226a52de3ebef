"""Alembic's version table under another name and in another schema."""

from __future__ import annotations

from tests.support.project import PYPROJECT, Project

ENV = """
from alembic import context
from sqlalchemy import create_engine, text

with create_engine(context.config.get_main_option("sqlalchemy.url")).connect() as connection:
    connection.execute(text("create schema if not exists meta"))
    connection.commit()
    context.configure(
        connection=connection,
        version_table="schema_version",
        version_table_schema="meta",
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
"""

REVISION = """
from alembic import op
revision, down_revision = "a", None

def upgrade():
    op.execute("BODY")
"""


def migrated(project: Project, body: str) -> Project:
    return project.write(
        {
            "pyproject.toml": PYPROJECT.replace('app = "shop:app"', "").replace(
                'sql = ["schema.sql"]', 'alembic = "alembic.ini"'
            ),
            "alembic.ini": "[alembic]\nscript_location = migrations\n",
            "migrations/env.py": ENV,
            "migrations/versions/a.py": REVISION.replace("BODY", body),
            "test_shop.py": "def test_it(db):\n    assert db.scalar('select count(*) from orders') == 0\n",
        }
    )


def test_the_revision_is_found_wherever_it_is_kept(project: Project) -> None:
    migrated(project, "create table orders (id int)").pytest().expect(passed=1)


def test_a_version_table_alone_is_no_schema(project: Project) -> None:
    result = migrated(project, "select 1").pytest()
    assert result.status == 4, result.output
    assert "[template.empty-schema]" in result.output
