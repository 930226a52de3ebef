"""Sessions over a whole run: none is left behind, libraries use them, roles apply, any server does."""

from __future__ import annotations

import re

import pytest

from tests.integration.sessions.models_project import write
from tests.support.project import Project

DEBIAN = "/usr/lib/postgresql/15/bin"
MANY = """
COUNT = text("select count(*) from pg_stat_activity where datname = current_database() "
    "and application_name <> 'seatrial'")

@pytest.mark.parametrize("turn", range(100))
def test_sync(db_session, turn):
    assert db_session.scalar(COUNT) <= 2
    db_session.add(Customer(id=2, name="x"))
    db_session.commit()
    db_session.add(Customer(id=3, name="y"))
    db_session.flush()

@pytest.mark.asyncio
@pytest.mark.parametrize("turn", range(100))
async def test_async(async_db_session, turn):
    assert await async_db_session.scalar(COUNT) <= 2
    async_db_session.add(Customer(id=2, name="x"))
    await async_db_session.commit()

@pytest.mark.isolation("none")
def test_nothing_is_left(db):
    held = "select count(*) from pg_stat_activity where application_name = 'seatrial session' and "
    assert db.scalar(held + "datname = current_database()") <= 1
    assert db.scalar(held + "state <> 'idle'") == 0
"""
INI = {"pytest.ini": "[pytest]\nasyncio_default_fixture_loop_scope=function\n"}


@pytest.mark.parametrize("isolation", ["rollback", "reset"])
def test_many_tests_leave_no_session(project: Project, isolation: str) -> None:
    write(project, MANY, isolation=isolation, **INI)
    result = project.pytest("-p", "pytest_asyncio.plugin", "-p", "pytest_randomly").expect(passed=201)
    restored = re.search(r"(\d+) resets", result.output)
    # Only the test that is not isolated may have made one necessary.
    assert int(restored[1] if restored else 0) in (range(2) if isolation == "rollback" else range(190, 202))


FACTORY = """
from polyfactory.factories.sqlalchemy_factory import SQLAlchemyFactory

class CustomerFactory(SQLAlchemyFactory[Customer]):
    __check_model__ = False

@pytest.fixture(autouse=True)
def session(db_session):
    CustomerFactory.__session__ = db_session
    yield db_session
    assert names(db_session), "its clean-up may use the session"
    CustomerFactory.__session__ = None

@pytest.mark.parametrize("turn", (1, 2))
def test_factories_commit(db_session, turn):
    made = CustomerFactory.create_batch_sync(3)
    assert len({customer.name for customer in made}) == 3
    assert len(names(db_session)) == 4
"""


def test_factories_share_the_session(project: Project) -> None:
    write(project, FACTORY).pytest().expect(passed=2)


ROLES = """
def test_a_session_is_the_application(db_session):
    assert db_session.scalar(text("select current_user")) == "shop_app"
    with pytest.raises(DBAPIError, match="must be owner"):
        db_session.execute(text("alter table customers add column weight int"))

def test_it_commits_as_such(db_session):
    db_session.add(Customer(id=2, name="x"))
    db_session.commit()
    assert names(db_session) == ["of the seed", "x"]
"""


@pytest.mark.parametrize("isolation", ["rollback", "reset"])
def test_sessions_have_the_role_of_the_application(project: Project, isolation: str) -> None:
    write(project, ROLES, isolation=f'{isolation}"\napp_role = "shop_app').pytest().expect(passed=2)


OLD = """
def test_a(db_session):
    elsewhere("insert into customers values (2, 'of another')")
    assert committed() == ["of another", "of the seed"]

def test_b(db_session):
    assert names(db_session) == ["of the seed"]
"""


def test_where_the_server_does_not_tell_who_wrote_it_is_undone_all_the_same(project: Project) -> None:
    write(project, OLD, isolation=f'rollback"\nbin = "{DEBIAN}').pytest("-p", "no:randomly").expect(passed=2)


MISSING = """
import importlib.metadata

find = importlib.metadata.version
import seatrial.postgres.sessions.libraries as libraries
libraries.version = lambda name: {found} if name == "sqlalchemy" else find(name)
"""


@pytest.mark.parametrize(("found", "words"), [('"1.4.54"', "found 1.4.54"), ("missing()", "found none")])
def test_without_sqlalchemy_2(project: Project, found: str, words: str) -> None:
    conftest = MISSING.format(found=found) + (
        "def missing():\n    raise importlib.metadata.PackageNotFoundError\n"
    )
    write(project, "def test_a(db_session): assert db_session\n", **{"conftest.py": conftest})
    result = project.pytest().expect(1, error=1)
    assert f"need SQLAlchemy 2.0 or newer; {words} [session.no-sqlalchemy]" in result.output


def test_on_several_workers(project: Project) -> None:
    write(project, MANY.replace("100", "10"), **INI)
    project.pytest("-n", "2", plugins=True).expect(passed=21)
