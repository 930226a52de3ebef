"""A suite without an application, whose own session-wide engine and pool must not notice the replacements."""

from __future__ import annotations

from tests.support.project import PYPROJECT, Project

CONFTEST = """
import os
import psycopg_pool
import pytest
import sqlalchemy
from sqlalchemy.orm import Session

@pytest.fixture(scope="session")
def engine():
    engine = sqlalchemy.create_engine(os.environ["DATABASE_URL"].replace("://", "+psycopg://", 1))
    yield engine
    engine.dispose()

@pytest.fixture
def session(engine):
    with Session(engine) as session:
        yield session

@pytest.fixture(scope="session")
def pool():
    with psycopg_pool.ConnectionPool(os.environ["DATABASE_URL"], min_size=1) as pool:
        yield pool
"""

TESTS = """
import pytest
from sqlalchemy import text

@pytest.mark.parametrize("n", range(10))
def test_committed_rows_are_gone_in_the_next_test(db, session, pool, n):
    session.execute(text("insert into orders (item) values ('engine')"))
    session.commit()
    with pool.connection() as connection:
        connection.execute("insert into orders (item) values ('pool')")
    db.execute("alter table orders add column more int")
    assert [row["id"] for row in db.rows("select id from orders order by id")] == [1, 2]
"""


def test_engines_and_pools_of_the_suite_itself_live_on(project: Project) -> None:
    project.shop(TESTS)
    project.write({"pyproject.toml": PYPROJECT.replace('app = "shop:app"\n', ""), "conftest.py": CONFTEST})
    project.pytest().expect(passed=10)
