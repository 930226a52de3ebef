"""Databases of our own on a server somebody names: the named database is never touched, nothing stays."""

from __future__ import annotations

import psycopg
import pytest

from tests.integration.external.conftest import SECRET, Foreign
from tests.support.project import PYPROJECT, Project

TESTS = """
import pytest

@pytest.mark.parametrize("n", range(4))
def test_the_server_is_theirs_and_the_database_ours(client, db, n):
    assert client.post("/orders", params={"item": "anchor"}).json() == {"id": 1}
    assert db.scalar("select count(*) from orders") == 1
    assert db.scalar("select current_database()").startswith("seatrial")
    assert db.scalar("select rolsuper from pg_roles where rolname = current_user") is False
    db.execute("alter table orders add column more text")
"""


@pytest.mark.parametrize("role", ["boss", "maker"])
@pytest.mark.parametrize("source", ["TESTING_DATABASE_URL", "DATABASE_URL", "option"])
def test_a_role_that_may_create_databases_serves_the_suite(
    project: Project, foreign: Foreign, role: str, source: str
) -> None:
    project.shop(TESTS)
    url = foreign.url(role)
    if source == "option":
        result = project.pytest("--seatrial-database", url)
    else:
        result = project.pytest(**{source: url})
    result.expect(passed=4)
    assert SECRET not in result.output
    assert foreign.ours() == []


def test_workers_have_databases_of_their_own(project: Project, foreign: Foreign) -> None:
    project.shop(TESTS)
    result = project.pytest("-p", "xdist", "-n", "2", TESTING_DATABASE_URL=foreign.url("maker")).expect(
        passed=4
    )
    assert "in 2 processes" in result.output
    assert foreign.ours() == []


def test_the_template_is_kept_on_the_server_and_the_named_database_untouched(
    project: Project, foreign: Foreign
) -> None:
    project.shop(TESTS, **{"schema.sql": "create table orders (id serial, item text, kept int);"})
    url = foreign.url("maker", "precious")
    assert "template built" in project.pytest(TESTING_DATABASE_URL=url).expect(passed=4).output
    assert "template from the cache" in project.pytest(TESTING_DATABASE_URL=url).expect(passed=4).output
    assert (
        "template built"
        in project.pytest("--seatrial-rebuild", TESTING_DATABASE_URL=url).expect(passed=4).output
    )
    with psycopg.connect(foreign.url("maker", "precious")) as connection:
        assert connection.execute(
            "select count(*) from pg_tables where schemaname = 'public'"
        ).fetchone() == (0,)


def test_an_application_role_is_made_where_the_role_may_make_one(project: Project, foreign: Foreign) -> None:
    test = """
    import os
    import psycopg

    def test_role(db):
        with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
            assert connection.execute("select current_user::text").fetchone() == ("sailor",)
            connection.execute("insert into orders (item) values ('x')")
        assert db.scalar("select count(*) from orders") == 1
    """
    project.shop(test)
    project.write({"pyproject.toml": PYPROJECT.replace("schema =", 'app_role = "sailor"\nschema =')})
    project.pytest(TESTING_DATABASE_URL=foreign.url("versatile")).expect(passed=1)
    # A second run finds the role and the template it owns rights in.
    project.pytest(TESTING_DATABASE_URL=foreign.url("versatile")).expect(passed=1)


def test_a_role_that_may_not_make_roles_says_so(project: Project, foreign: Foreign) -> None:
    project.shop(TESTS)
    project.write({"pyproject.toml": PYPROJECT.replace("schema =", 'app_role = "deckhand"\nschema =')})
    result = project.pytest(TESTING_DATABASE_URL=foreign.url("maker")).expect(4)
    assert "CREATEROLE" in result.output
    assert SECRET not in result.output


def test_a_role_of_the_server_is_not_taken_over(project: Project, foreign: Foreign) -> None:
    project.shop(TESTS)
    project.write({"pyproject.toml": PYPROJECT.replace("schema =", 'app_role = "plain"\nschema =')})
    result = project.pytest(TESTING_DATABASE_URL=foreign.url("versatile")).expect(4)
    assert "template.role-taken" in result.output


def test_a_killed_run_leaves_nothing_for_the_next_one(project: Project, foreign: Foreign) -> None:
    project.shop("import os\ndef test_end(db):\n    db.execute('select 1')\n    os.kill(os.getpid(), 9)\n")
    url = foreign.url("maker")
    assert project.pytest(TESTING_DATABASE_URL=url).status == -9
    assert foreign.ours() != []
    project.write({"test_shop.py": TESTS})
    project.pytest(TESTING_DATABASE_URL=url).expect(passed=4)
    assert foreign.ours() == []


def test_an_application_that_connects_at_import_is_served(project: Project, foreign: Foreign) -> None:
    at_import = """
    import os
    import psycopg

    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        connection.execute("insert into orders (item) values ('at import')")
    """
    project.shop("def test_it(db):\n    assert db.scalar('select item from orders') == 'at import'\n")
    project.write({"conftest.py": at_import})
    project.pytest(TESTING_DATABASE_URL=foreign.url("maker")).expect(passed=1)


def test_the_provider_setting_is_obeyed(project: Project, foreign: Foreign) -> None:
    test = "def test_it(db):\n    assert db.scalar('select 1') == 1\n"
    project.shop(test, **{"pyproject.toml": PYPROJECT.replace("schema =", 'provider = "external"\nschema =')})
    result = project.pytest().expect(4)
    assert "database.no-server" in result.output
    assert (
        "PostgreSQL 18.6, DATABASE_URL"
        in project.pytest(DATABASE_URL=foreign.url("maker")).expect(passed=1).output
    )
    project.write({"pyproject.toml": PYPROJECT.replace("schema =", 'provider = "embedded"\nschema =')})
    assert "embedded" in project.pytest(DATABASE_URL=foreign.url("maker")).expect(passed=1).output
