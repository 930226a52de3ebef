"""Schemas on SQLite: each way to make one, and what only PostgreSQL has named by table and column."""

from __future__ import annotations

import pytest

from tests.integration.sqlite.shop import PYPROJECT, write_shop
from tests.support.project import Project

TEST = """
def test_it(db):
    assert db.scalar("select count(*) from customers") == 2
"""
ENV = """
import os
from alembic import context
from sqlalchemy import create_engine

with create_engine(os.environ["DATABASE_URL"].replace("+aiosqlite", "")).begin() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
MIGRATION = """
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision, down_revision = "0001", None

def upgrade():
    op.create_table("customers", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text))
"""
ALEMBIC = {
    "alembic.ini": "[alembic]\nscript_location = migrations\n",
    "migrations/env.py": ENV,
    "migrations/versions/one.py": MIGRATION,
    "pyproject.toml": PYPROJECT.replace('metadata = "models:Base.metadata"', 'alembic = "alembic.ini"'),
}
SQL = {"pyproject.toml": PYPROJECT.replace('metadata = "models:Base.metadata"', 'sql = ["schema.sql"]')}
SCHEMA = "create table customers (\n  id integer primary key,\n  name text\n);\n"


def refused(project: Project, **files: str) -> str:
    result = write_shop(project, TEST, **files).pytest()
    assert result.status == 4, result.output
    return result.output


def test_migrations(project: Project) -> None:
    output = write_shop(project, TEST, **ALEMBIC).pytest().expect(passed=1).output
    assert "1 table at revision 0001" in output


def test_sql_files(project: Project) -> None:
    write_shop(project, TEST, **SQL, **{"schema.sql": SCHEMA}).pytest().expect(passed=1)


def test_a_command(project: Project) -> None:
    code = "from models import Base; import os, sqlalchemy as s; "
    code += "Base.metadata.create_all(s.create_engine(os.environ['DATABASE_URL'].replace('+aiosqlite', '')))"
    settings = PYPROJECT.replace('metadata = "models:Base.metadata"', 'command = "python make.py"')
    write_shop(project, TEST, **{"pyproject.toml": settings, "make.py": code}).pytest().expect(passed=1)


def test_types_in_metadata(project: Project) -> None:
    models = """
    import sqlalchemy as sa
    from pgvector.sqlalchemy import Vector
    from sqlalchemy.dialects import postgresql
    from sqlalchemy.orm import DeclarativeBase

    class Base(DeclarativeBase):
        pass

    class Customer(Base):
        __tablename__ = "customers"
        id = sa.Column(sa.Integer, primary_key=True)
        a = sa.Column(postgresql.ARRAY(sa.String))
        b = sa.Column(postgresql.JSONB)
        c = sa.Column(postgresql.INET)
        d = sa.Column(postgresql.TSVECTOR)
        e = sa.Column(sa.UUID)
        f = sa.Column(Vector(3))
        varied = sa.Column(postgresql.JSONB().with_variant(sa.JSON(), "sqlite"))
        plain = sa.Column(sa.Uuid)
    """
    output = refused(project, **{"models.py": models})
    wanted = ["a: VARCHAR[]", "b: JSONB", "c: INET", "d: TSVECTOR", "e: UUID", "f: VECTOR(3)"]
    assert "; ".join(f"customers.{column}" for column in wanted) + " [sqlite.postgres-type]" in output


@pytest.mark.parametrize("written", ["postgresql.ARRAY(sa.Text)", "Vector(3)"])
def test_types_in_migrations(project: Project, written: str) -> None:
    migration = MIGRATION.replace(
        "def upgrade():", f"from pgvector.sqlalchemy import Vector\n\ndef upgrade():\n    wanted = {written}"
    ).replace('"name", sa.Text', '"name", wanted')
    output = refused(project, **{**ALEMBIC, "migrations/versions/one.py": migration})
    assert "customers.name: " in output
    assert "[sqlite.postgres-type]" in output


def test_statements_in_migrations(project: Project) -> None:
    migration = MIGRATION + '    op.execute("create extension if not exists vector")\n'
    output = refused(project, **{**ALEMBIC, "migrations/versions/one.py": migration})
    assert 'near "extension": syntax error): create extension if not exists vector' in output
    assert "[sqlite.postgres-sql]" in output


def test_another_failure_of_a_migration_is_told_as_it_is(project: Project) -> None:
    migration = MIGRATION + '    op.execute("insert into nowhere values (1)")\n'
    output = refused(project, **{**ALEMBIC, "migrations/versions/one.py": migration})
    assert "no such table: nowhere" in output
    assert "[template.alembic-failed]" in output


def test_migrations_of_another_database(project: Project) -> None:
    env = ENV.replace("os.environ", '{"DATABASE_URL": "sqlite:///other.db"}')
    output = refused(project, **{**ALEMBIC, "migrations/env.py": env})
    assert "[template.uncommitted]" in output


def test_types_in_sql_files(project: Project) -> None:
    output = refused(project, **SQL, **{"schema.sql": SCHEMA.replace("name text", "name uuid, tags jsonb")})
    assert "customers.name: uuid; customers.tags: jsonb [sqlite.postgres-type]" in output


def test_a_statement_that_fails_is_named_by_file_and_line(project: Project) -> None:
    schema = SCHEMA + "-- more;\n\ncreate type mood as enum ('good');\n"
    output = refused(project, **SQL, **{"schema.sql": schema})
    assert 'schema.sql:7 failed on SQLite: near "type": syntax error [template.sql-failed]' in output


def test_seeds_that_break_a_reference(project: Project) -> None:
    seeds = "from models import Order\n\ndef more(session):\n"
    seeds += "    session.add(Order(id=1, customer_id=99, item='x'))\n"
    output = refused(project, **{"seeds.py": seeds})
    assert "row 1 of orders refers to no row of customers" in output
    assert "[sqlite.foreign-key]" in output


def test_no_table_at_all(project: Project) -> None:
    output = refused(
        project, **SQL, **{"schema.sql": "select 1;\n", "seed.sql": "", "seeds.py": "def more(): pass"}
    )
    assert "[template.empty-schema]" in output


def test_a_changed_migration_makes_a_new_template(project: Project) -> None:
    write_shop(project, TEST, **ALEMBIC).pytest().expect(passed=1)
    assert "template from the cache" in project.pytest().expect(passed=1).output
    assert "template built" in project.pytest("--seatrial-rebuild").expect(passed=1).output
    project.write(
        {"migrations/versions/one.py": MIGRATION + "    op.execute('create table other (id int)')\n"}
    )
    assert "template built" in project.pytest().expect(passed=1).output
