"""Tables that a command of the project makes: Django's migrate, Flask-Migrate, any tool of its own."""

from __future__ import annotations

import pytest

from tests.support.project import PYPROJECT, Project

MAKE_TABLES = """
import os
import pathlib
import psycopg

with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
    for file in sorted(pathlib.Path("steps").glob("*.sql")):
        print("running", file)
        connection.execute(file.read_text())
"""

ORDERS = {"steps/1.sql": "create table orders (id int generated always as identity, item text not null);"}

READS = """
def test_an_order_is_stored(client, db):
    assert client.post("/orders", params={"item": "rope"}).json() == {"id": 1}

def test_the_columns(db):
    assert db.rows("select * from orders") == []
    assert db.scalar("select count(*) from information_schema.columns where table_name = 'orders'") == COLUMNS
"""


def by_command(project: Project, command: str, *, more: str = "", columns: int = 2) -> Project:
    schema = PYPROJECT.replace('sql = ["schema.sql"]', f'command = "{command}"{more}')
    tests = READS.replace("COLUMNS", str(columns))
    return project.shop(tests, **{"pyproject.toml": schema, "make_tables.py": MAKE_TABLES, **ORDERS})


def test_a_command_makes_the_tables(project: Project) -> None:
    by_command(project, "python make_tables.py").pytest().expect(passed=2)


def test_a_file_that_the_command_reads_makes_a_new_template(project: Project) -> None:
    by_command(project, "python make_tables.py").pytest().expect(passed=2)
    by_command(project, "python make_tables.py", columns=3)
    project.write({"steps/2.sql": "alter table orders add column note text;"})
    project.pytest().expect(passed=2)


def test_a_command_that_fails_is_shown_with_what_it_printed(project: Project) -> None:
    by_command(project, "python make_tables.py")
    project.write({"steps/2.sql": "alter table nowhere add column note text;"})
    result = project.pytest()
    assert result.status == 4, result.output
    assert "the command 'python make_tables.py' failed" in result.output
    assert "it ended with status 1 [template.command-failed]" in result.output
    assert 'relation "nowhere" does not exist' in result.output


@pytest.mark.parametrize(
    ("command", "more", "code"),
    [
        ("no-such-program now", "", "template.command-failed"),
        ("python -c pass", "", "template.empty-schema"),
        ("python make_tables.py", ', files = ["migrations/*.sql"]', "template.files-missing"),
        ("python 'make_tables.py", "", "settings.bad-value"),
    ],
    ids=["no program", "no table", "no file", "open quote"],
)
def test_a_wrong_command_is_refused(project: Project, command: str, more: str, code: str) -> None:
    result = by_command(project, command, more=more).pytest()
    assert result.status == 4, result.output
    assert f"[{code}]" in result.output


def test_branches_that_stay_apart_are_migrated_by_a_command(project: Project) -> None:
    by_command(project, "alembic upgrade heads", columns=2)
    project.write(
        {
            "alembic.ini": "[alembic]\nscript_location = migrations\n",
            "migrations/env.py": """
            import os
            from alembic import context
            from sqlalchemy import create_engine

            url = os.environ["DATABASE_URL"].replace("postgresql:", "postgresql+psycopg:")
            with create_engine(url).connect() as connection:
                context.configure(connection=connection)
                with context.begin_transaction():
                    context.run_migrations()
            """,
            "migrations/versions/a.py": """
            from alembic import op
            revision, down_revision, branch_labels = "a", None, ("shop",)

            def upgrade():
                op.execute("create table orders (id int generated always as identity, item text not null)")
            """,
            "migrations/versions/b.py": """
            from alembic import op
            revision, down_revision, branch_labels = "b", None, ("billing",)

            def upgrade():
                op.execute("create table bills (id int)")
            """,
        }
    )
    project.pytest().expect(passed=2)
