"""What tests may leave: everything that does not reach the next one."""

from __future__ import annotations

import subprocess
import sys

from tests.integration.oracle.leaky import APPLICATION
from tests.support.project import Project

CONFTEST = """
import os
import threading
from concurrent.futures import ThreadPoolExecutor
import psycopg
import psycopg_pool
import pytest
import sqlalchemy
from sqlalchemy.orm import Session

@pytest.fixture(scope="session")
def engine():
    engine = sqlalchemy.create_engine(os.environ["DATABASE_URL"].replace("://", "+psycopg://", 1))
    yield engine
    engine.dispose()

@pytest.fixture(scope="session")
def pool():
    with psycopg_pool.ConnectionPool(os.environ["DATABASE_URL"], min_size=2, max_size=4) as pool:
        yield pool

@pytest.fixture(scope="module")
def held_by_the_module(engine, pool):
    with engine.connect() as connection, pool.connection() as other:
        yield connection, other

@pytest.fixture(scope="module")
def asked_for_late(engine, pool):
    with pytest.MonkeyPatch.context() as patch, engine.connect() as connection, pool.connection() as other:
        patch.setenv("ASKED_FOR_LATE", "1")
        connection.execute(sqlalchemy.text("select pg_advisory_lock(8)"))
        connection.commit()
        yield

@pytest.fixture(scope="module", autouse=True)
def environment_of_the_module():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OF_THE_MODULE", "1")
        yield

@pytest.fixture(autouse=True)
def environment_of_the_test(monkeypatch):
    monkeypatch.setenv("OF_THE_TEST", "1")

@pytest.fixture
def session(engine):
    with Session(engine) as session:
        yield session

@pytest.fixture
def open_transaction():
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        connection.execute("insert into orders (item) values ('of the fixture')")
        yield connection

@pytest.fixture
def locked():
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(7)")
        yield

@pytest.fixture
def writing_thread():
    stop = threading.Event()
    def write():
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
            while not stop.wait(0.005):
                connection.execute("insert into orders (item) values ('of the thread')")
    thread = threading.Thread(target=write)
    thread.start()
    yield
    stop.set()
    thread.join()
"""

TESTS = """
import asyncio
import os
import threading
from concurrent.futures import ThreadPoolExecutor
import anyio.from_thread
import psycopg
import pytest
import sqlalchemy
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

URL = os.environ["DATABASE_URL"]
KEPT = []

pytestmark = pytest.mark.parametrize("turn", range(2))

def test_a_session_that_its_fixture_closes(db, session, turn):
    assert session.execute(text("insert into orders (item) values ('x')")).rowcount == 1

def test_fixtures_that_clean_up(db, open_transaction, locked, writing_thread, turn):
    rows = open_transaction.execute("select item from orders where item <> 'of the thread'").fetchall()
    assert rows == [("of the fixture",)]

def test_idle_connections(db, engine, pool, client, turn):
    KEPT.append(psycopg.connect(URL, autocommit=True))
    assert KEPT[-1].execute("select 1").fetchone() == (1,)
    with engine.begin() as connection, pool.connection() as other:
        connection.execute(text("insert into orders (item) values ('x')"))
    assert client.get("/count").json() == 1

def test_null_pool(db, turn):
    engine = sqlalchemy.create_engine(URL.replace("://", "+psycopg://", 1), poolclass=sqlalchemy.NullPool)
    with engine.begin() as connection:
        connection.execute(text("insert into orders (item) values ('x')"))
    assert db.scalar("select count(*) from orders") == 1

def test_a_connection_that_is_dropped(db, turn):
    engine = sqlalchemy.create_engine(URL.replace("://", "+psycopg://", 1))
    connection = engine.connect()
    assert connection.scalar(text("select 1")) == 1
    connection.commit()
    del connection
    engine.dispose()

def test_connections_of_the_module(db, engine, held_by_the_module, turn):
    with engine.connect() as another:
        assert another.scalar(text("select 1")) == 1

def test_executors(db, turn):
    executor = ThreadPoolExecutor(2)
    KEPT.append(executor)
    def insert():
        with psycopg.connect(URL) as connection:
            connection.execute("insert into orders (item) values ('x')")
    executor.submit(insert).result()
    assert db.scalar("select count(*) from orders") == 1

def test_a_thread_that_does_nothing(db, turn):
    KEPT.append(threading.Thread(target=threading.Event().wait, daemon=True))
    KEPT[-1].start()
    assert db.scalar("select 1") == 1

def test_environment(db, monkeypatch, turn):
    monkeypatch.setenv("MINE", "1")
    monkeypatch.delenv("HOME")
    assert os.environ["OF_THE_MODULE"] == os.environ["OF_THE_TEST"] == "1"

def test_a_wider_fixture_asked_for_late(db, request, turn):
    request.getfixturevalue("asked_for_late")
    assert os.environ["ASKED_FOR_LATE"] == "1"

def test_the_first_fixture_while_it_runs(request, turn):
    assert request.getfixturevalue("client").get("/count").json() == 0

def test_asyncio_of_its_own(db, turn):
    async def main():
        engine = create_async_engine(URL.replace("://", "+asyncpg://", 1))
        async with engine.begin() as connection:
            await connection.execute(text("insert into orders (item) values ('x')"))
        await engine.dispose()
    asyncio.run(main())
    with anyio.from_thread.start_blocking_portal() as portal:
        portal.call(main)
    assert db.scalar("select count(*) from orders") == 2
"""


def test_innocent_tests_stay_green_in_any_order(project: Project) -> None:
    project.shop(TESTS, **{"shop.py": APPLICATION, "conftest.py": CONFTEST})
    project.pytest("-p", "no:asyncio", "-n", "2", plugins=True).expect(passed=24)


STRANGERS = """
import os
import psycopg

KEPT = []

def test_a_stranger_leaves_a_transaction():
    KEPT.append(psycopg.connect(os.environ["DATABASE_URL"], dbname="postgres"))
    KEPT[-1].execute("select 1")
    os.environ["LEFT"] = "1"

def test_one_of_ours(db):
    assert db.scalar("select 1") == 1
    del os.environ["LEFT"]
    os.environ["LEFT"] = "1"

def test_a_second_stranger_blocks_the_database():
    KEPT.append(psycopg.connect(os.environ["DATABASE_URL"], dbname="postgres"))
    KEPT[-1].execute("comment on database seatrial is 'held'")

def test_another_of_ours(db):
    assert db.scalar("select count(*) from orders") == 0
"""


def test_what_other_tests_leave_is_not_held_against_ours(project: Project) -> None:
    project.shop(STRANGERS)
    project.pytest("-p", "no:randomly").expect(passed=4)


DEBUGGED = """
import psycopg

KEPT = []

def test_in_the_debugger(db):
    KEPT.append(psycopg.connect(db.url()))
    KEPT[-1].execute("select 1")
    breakpoint()
    assert db.scalar("select 1") == 1
"""


def test_a_debugger_suspends_the_oracle(project: Project) -> None:
    project.shop(DEBUGGED)
    process = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "seatrial.plugin"],
        check=False,
        cwd=project.root,
        env=project.environment(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1"),
        input="c\n",
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert "(Pdb)" in process.stdout, process.stdout + process.stderr
    assert "1 passed" in process.stdout
    assert "error" not in process.stdout
