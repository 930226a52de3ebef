"""Fixtures of a wider scope on a server that others use as well."""

from __future__ import annotations

import psycopg
import pytest

from tests.integration.external.conftest import Foreign
from tests.support.project import Project

TESTS = """
import os
import psycopg
import pytest

@pytest.fixture(scope="module")
def seeded(shared_db):
    shared_db.execute("insert into orders (item) values ('module')")
    yield
    assert shared_db.rows("select item from orders") == [{"item": "module"}]

@pytest.fixture(scope="session")
def connection():
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        yield connection

@pytest.fixture(scope="session")
def busy_server(connection):
    with psycopg.connect(os.environ["NEIGHBOUR"], autocommit=True) as neighbour:
        neighbour.execute("create temp table other (n int)")

@pytest.mark.parametrize("turn", range(2))
def test_rows(seeded, client, db, turn):
    assert client.get("/orders").json() == ["module"]
    db.execute("update orders set item = 'changed'")

def test_what_others_do_is_no_business_of_ours(connection, busy_server, db):
    assert connection.execute("select count(*) from orders where item = 'changed'").fetchone() == (0,)
"""


@pytest.mark.parametrize("role", ["boss", "maker"])
def test_rows_of_a_module(project: Project, foreign: Foreign, role: str) -> None:
    url = foreign.url(role)
    with psycopg.connect(url):
        project.shop(TESTS).pytest(TESTING_DATABASE_URL=url, NEIGHBOUR=url).expect(passed=3)
    assert foreign.ours() == []


CROSSED = """
import pytest

@pytest.fixture(scope="class")
def of_class(shared_db):
    shared_db.execute("insert into orders (item) values ('class')")

@pytest.fixture(scope="session")
def of_session(shared_db):
    shared_db.execute("insert into orders (item) values ('session')")

class TestOne:
    def test_a(self, of_class, db):
        assert db.scalar("select count(*) from orders") == 1

    def test_b(self, of_class, of_session, db):
        assert db.scalar("select count(*) from orders") == 2

def test_c(db):
    assert db.scalar("select string_agg(item, ' ') from orders") == "session"
"""


def test_crossed_ends_need_a_superuser(project: Project, foreign: Foreign) -> None:
    project.shop(CROSSED)
    project.pytest(TESTING_DATABASE_URL=foreign.url("boss")).expect(passed=3)
    result = project.pytest(TESTING_DATABASE_URL=foreign.url("maker")).expect(1, passed=2, failed=1, error=1)
    assert "[isolation.fixture-order]" in result.output
    assert "permission denied to set parameter" in result.output
