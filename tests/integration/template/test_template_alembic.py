"""Templates from Alembic: synchronous and asynchronous env.py, and every way a chain can go wrong."""

from __future__ import annotations

import pytest

from tests.support.alembic_project import ASYNC_ENV, SYNC_ENV, UNCOMMITTED_ENV, alembic_project, revision
from tests.support.project import Project


@pytest.mark.parametrize("env", [SYNC_ENV, ASYNC_ENV], ids=["sync", "async"])
def test_migrations_run_whatever_engine_env_py_makes(project: Project, env: str) -> None:
    result = alembic_project(project, env=env).pytest().expect(passed=1)
    assert "1 table at revision r1" in result.output


def test_the_second_run_takes_the_template_from_the_cache(project: Project) -> None:
    alembic_project(project, r1=revision("r1", None, "create table ports (id int, second_run text)"))
    assert "template built in" in project.pytest().expect(passed=1).output
    assert "template from the cache" in project.pytest().expect(passed=1).output
    assert "template built in" in project.pytest("--seatrial-rebuild").expect(passed=1).output


def test_a_new_revision_makes_a_new_template(project: Project) -> None:
    alembic_project(project).pytest().expect(passed=1)
    project.write(
        {
            "migrations/versions/r2.py": revision("r2", "r1", "alter table ports add name text"),
            "test_ports.py": "def test_column(db):\n    assert db.rows('select name from ports') == []\n",
        }
    )
    assert "at revision r2" in project.pytest().expect(passed=1).output


def test_a_chain_that_commits_nothing_is_named(project: Project) -> None:
    result = alembic_project(project, env=UNCOMMITTED_ENV).pytest().expect(4)
    assert "template.uncommitted" in result.output
    assert "the database is at revision none and the head is r1" in result.output
    assert "begin_transaction" in result.output


def test_two_heads_are_named(project: Project) -> None:
    result = alembic_project(
        project,
        r1=revision("r1", None, "create table ports (id int)"),
        left=revision("left", "r1", "select 1"),
        right=revision("right", "r1", "select 1"),
    ).pytest()
    result.expect(4)
    assert "template.two-heads" in result.output
    assert "left, right" in result.output
    assert "alembic merge heads" in result.output


def test_a_failing_revision_shows_its_own_traceback(project: Project) -> None:
    broken = revision("r1", None, "create table ports (id int); select no_such_function()")
    result = alembic_project(project, r1=broken).pytest().expect(4)
    assert "template.alembic-failed" in result.output
    assert "no_such_function" in result.output
    assert "versions/r1.py" in result.output
    assert "/worker.py" not in result.output


def test_a_syntax_error_in_a_revision_is_shown(project: Project) -> None:
    result = alembic_project(project, r1="def upgrade(:\n").pytest().expect(4)
    assert "SyntaxError" in result.output
    assert "r1.py" in result.output


def test_migrations_that_make_no_table_are_an_empty_schema(project: Project) -> None:
    result = alembic_project(project, r1=revision("r1", None, "select 1")).pytest().expect(4)
    assert "template.empty-schema" in result.output


def test_a_missing_configuration_is_named(project: Project) -> None:
    alembic_project(project)
    (project.root / "alembic.ini").unlink()
    result = project.pytest().expect(4)
    assert "template.alembic-missing" in result.output
    assert "alembic.ini" in result.output


def test_migrations_run_as_an_owner_that_is_no_superuser(project: Project) -> None:
    statement = "create table ports as select rolsuper from pg_roles where rolname = current_user"
    alembic_project(project, r1=revision("r1", None, statement))
    project.write(
        {"test_ports.py": "def test_it(db):\n    assert db.scalar('select rolsuper from ports') is False\n"}
    )
    project.pytest().expect(passed=1)


def test_a_failed_build_is_not_cached_and_the_next_one_succeeds(project: Project) -> None:
    alembic_project(project, r1=revision("r1", None, "select broken"))
    project.pytest().expect(4)
    project.write(
        {"migrations/versions/r1.py": revision("r1", None, "create table ports (id int, mended int)")}
    )
    project.pytest().expect(passed=1)
