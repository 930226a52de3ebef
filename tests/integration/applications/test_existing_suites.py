"""Tests that do not use seatrial, in a suite where others do."""

from __future__ import annotations

from tests.support.project import Project

# As in the public full-stack template: one session for the run, and a client for each module.
CONFTEST = """
import os
import psycopg
import pytest

@pytest.fixture(scope="session")
def connection():
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        yield connection

@pytest.fixture(scope="module")
def seeded(connection):
    connection.execute("insert into orders (item) values ('seed')")
"""

OLD = """
def test_a_module_fixture_added_a_row(connection, seeded):
    assert connection.execute("select id, item from orders").fetchall() == [(1, "seed")]

def test_the_row_is_still_there(connection, seeded):
    connection.execute("insert into orders (item) values ('mine')")
    assert connection.execute("select count(*) from orders").fetchone() == (2,)

def test_and_so_is_what_the_last_test_added(connection, seeded):
    assert connection.execute("select count(*) from orders").fetchone() == (2,)
"""

NEW = """
import pytest

@pytest.mark.parametrize("attempt", range(2))
def test_an_order_is_stored(client, db, attempt):
    assert client.post("/orders", params={"item": "rope"}).json() == {"id": 1}
"""


def test_they_see_nothing_of_those_that_do(project: Project) -> None:
    project.shop(**{"old/conftest.py": CONFTEST, "old/test_old.py": OLD, "new/test_new.py": NEW})
    project.pytest("new", "old").expect(passed=5)


def test_they_come_before_as_well(project: Project) -> None:
    project.shop(**{"old/conftest.py": CONFTEST, "old/test_old.py": OLD, "new/test_new.py": NEW})
    project.pytest("old", "new").expect(passed=5)
