"""An existing suite moves in: its own engine, its own seeded rows, its own commits; test by test."""

from __future__ import annotations

from tests.support.project import Project

# One engine and some users for the run, as conftests of real suites have them; a registry that opens once.
CONFTEST = """
import os
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import sessionmaker

@pytest.fixture(scope="session")
def engine():
    engine = sa.create_engine(os.environ["DATABASE_URL"].replace("postgresql", "postgresql+psycopg"))
    yield engine
    engine.dispose()

@pytest.fixture(scope="session", autouse=True)
def users(engine):
    with engine.begin() as connection:
        connection.execute(sa.text("insert into orders (item) values ('ann'), ('bob')"))
    yield
    with engine.begin() as connection:
        assert connection.execute(sa.text("delete from orders where item in ('ann', 'bob')")).rowcount == 2

@pytest.fixture(scope="module")
def carol(engine):
    with engine.begin() as connection:
        connection.execute(sa.text("insert into orders (item) values ('carol')"))

@pytest.fixture
def session(engine):
    with sessionmaker(engine)() as session:
        yield session
"""

MOVED = """
import pytest
import sqlalchemy as sa

def items(session):
    return session.execute(sa.text("select item from orders order by id")).scalars().all()

@pytest.mark.parametrize("turn", range(3))
def test_users_are_there(session, seatrial_db, turn):
    assert items(session)[:2] == ["ann", "bob"]
    session.execute(sa.text("update orders set item = 'changed' where item = 'ann'"))
    session.execute(sa.text("insert into orders (item) values ('mine')"))
    session.commit()

@pytest.mark.parametrize("turn", range(2))
def test_carol_is_there(session, carol, seatrial_db, turn):
    assert items(session) == ["ann", "bob", "carol"]
    session.execute(sa.text("truncate orders restart identity"))
    session.commit()
"""

# As they were, and as they are run beside the others: they clean up after themselves.
NOT_YET = """
import sqlalchemy as sa

def test_users(session):
    found = session.execute(sa.text("select item from orders where item in ('ann', 'bob')")).scalars().all()
    assert sorted(found) == ["ann", "bob"]

def test_carol(session, carol):
    rows = session.execute(sa.text("delete from orders where item = 'own' returning item")).all()
    assert rows == []
    session.execute(sa.text("insert into orders (item) values ('own')"))
    session.commit()
    assert "carol" in session.execute(sa.text("select item from orders")).scalars().all()
    session.execute(sa.text("delete from orders where item = 'own'"))
    session.commit()
"""


def test_it_moves_in_test_by_test(project: Project) -> None:
    tests = {"test_moved.py": MOVED, "test_not_yet.py": NOT_YET, "test_mixed.py": MOVED + NOT_YET}
    project.shop("", **{"conftest.py": CONFTEST, **tests}).pytest().expect(passed=14)
    result = project.pytest("-p", "no:asyncio", "-n", "2", plugins=True).expect(passed=14)
    assert "Using --randomly-seed" in result.output
    assert "10 used seatrial" in result.output
