"""How wide fixtures come and go: late, with parameters, in vain, asynchronous, in any order."""

from __future__ import annotations

from tests.support.project import Project

LATE = """
import os
import psycopg
import pytest

ALL = "select string_agg(item, ' ' order by item) from orders"

@pytest.fixture(scope="session")
def seeded(shared_db):
    shared_db.execute("insert into orders (item) values ('seeded')")
    return "seeded"

@pytest.fixture(scope="session")
def reading(shared_db):
    return shared_db.rows("select item from orders")

def test_a_written_before(db, request):
    db.execute("insert into orders (item) values ('mine')")
    assert request.getfixturevalue("reading") == [{"item": "mine"}]
    request.getfixturevalue("seeded")

@pytest.mark.parametrize("turn", range(2))
def test_b_nothing_written_before(db, request, turn):
    assert request.getfixturevalue("seeded") == "seeded"
    assert db.scalar(ALL) == "seeded"
    db.execute("delete from orders")

def test_c_it_has_stayed(db):
    assert db.scalar(ALL) == "seeded"
"""


def test_a_fixture_set_up_in_the_middle_of_a_test(project: Project) -> None:
    result = project.shop(LATE).pytest().expect(1, passed=3, failed=1)
    assert (
        "the session-scoped fixture 'seeded' (test_shop.py:7) wrote into the database in the middle of "
        in (result.output)
    )
    assert "test_shop.py::test_a_written_before, which had written before" in result.output
    assert "[isolation.late-fixture]" in result.output


PARAMETERS = """
import pytest

@pytest.fixture(scope="module", params=["rope", "sail"])
def stock(request, shared_db):
    shared_db.execute("insert into orders (item) values (%s)", request.param)
    yield request.param
    assert shared_db.rows("select item from orders") == [{"item": request.param}]

@pytest.fixture(scope="module")
def order(shared_db, stock):
    shared_db.execute("insert into orders (item) values (%s)", f"order of {stock}")

@pytest.fixture(scope="class", params=[0, 1])
def broken(request, shared_db):
    shared_db.execute("insert into orders (item) values ('half')")
    assert request.param
    shared_db.execute("insert into orders (item) values ('whole')")

def test_one(stock, db):
    assert db.rows("select item from orders") == [{"item": stock}]
    db.execute("update orders set item = 'changed'")

def test_two(stock, db):
    assert db.rows("select item from orders") == [{"item": stock}]

class TestBroken:
    def test_it(self, broken, db):
        assert db.scalar("select count(*) from orders where item in ('half', 'whole')") == 2

    def test_after(self, db):
        assert db.scalar("select count(*) from orders where item = 'half'") in (0, 1)
"""


def test_parameters_and_failures(project: Project) -> None:
    result = project.shop(PARAMETERS.replace("def order", "def _unused")).pytest()
    result.expect(1, passed=6, error=1)
    assert "assert 0" in result.output


CONFLICT = """
import pytest

@pytest.fixture(scope="class")
def buyer(shared_db):
    shared_db.execute("create table if not exists nothing ()")
    shared_db.execute("insert into orders (item) values ('buyer')")

@pytest.fixture(scope="session")
def changes_all(shared_db):
    shared_db.execute("update orders set item = upper(item)")

class TestOne:
    def test_a(self, buyer, db):
        assert db.scalar("select item from orders") == "buyer"

    def test_b(self, buyer, changes_all, db):
        assert db.scalar("select item from orders") == "BUYER"

def test_c(db):
    assert db.scalar("select item from orders") == "BUYER"
"""


def test_fixtures_that_cannot_be_told_apart_are_named(project: Project) -> None:
    result = project.shop(CONFLICT).pytest().expect(1, passed=3, error=1)
    assert "ERROR at teardown of TestOne.test_b" in result.output
    assert (
        "the class-scoped fixture 'buyer' (test_shop.py:3) has ended before "
        "the session-scoped fixture 'changes_all' (test_shop.py:8)"
    ) in result.output
    assert "[isolation.fixture-order]" in result.output


ASYNC = """
import os
import asyncpg
import pytest
import pytest_asyncio

@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def seeded():
    connection = await asyncpg.connect(os.environ["DATABASE_URL"])
    await connection.execute("insert into orders (item) values ('asyncio')")
    await connection.close()
    yield
    connection = await asyncpg.connect(os.environ["DATABASE_URL"])
    assert await connection.fetchval("select item from orders") == "asyncio"
    await connection.close()

@pytest.mark.parametrize("turn", range(2))
@pytest.mark.asyncio(loop_scope="module")
async def test_rows(seeded, async_client, db, turn):
    assert (await async_client.get("/orders")).json() == ["asyncio"]
    db.execute("delete from orders")

@pytest.fixture(scope="module")
def anyio_backend():
    return "asyncio"

@pytest.fixture(scope="class")
async def of_anyio(anyio_backend):
    connection = await asyncpg.connect(os.environ["DATABASE_URL"])
    await connection.execute("insert into orders (item) values ('anyio')")
    await connection.close()

class TestAnyio:
    @pytest.mark.anyio
    @pytest.mark.parametrize("turn", range(2))
    async def test_rows(self, of_anyio, async_client, db, turn):
        assert (await async_client.get("/orders")).json()[-1] == "anyio"
        db.execute("delete from orders")
"""


def test_asynchronous_fixtures(project: Project) -> None:
    scope = ("-o", "asyncio_default_fixture_loop_scope=function")
    project.shop(ASYNC).pytest("-p", "no:randomly", *scope, plugins=True).expect(passed=4)


XUNIT = """
import os
import unittest
import psycopg
import pytest

def write(item):
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("insert into orders (item) values (%s)", [item])

def setup_module():
    write("module")

@pytest.fixture(autouse=True)
def their_db(request, db):
    request.cls.db = db

@pytest.mark.usefixtures("client")
class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        write("class")

    def setUp(self):
        write("test")

    def test_one(self):
        rows = self.db.rows("select item from orders order by id")
        assert [row["item"] for row in rows] == ["module", "class", "test"]

    test_two = test_one

class TestPlain:
    def test_rest(self, db):
        assert db.rows("select item from orders") == [{"item": "module"}]
"""


def test_setup_in_the_xunit_way(project: Project) -> None:
    project.shop(XUNIT).pytest().expect(passed=3)


FOLLOWS = """
import pytest

@pytest.fixture(scope="session")
def order(request):
    shared = request.getfixturevalue("shared_client")
    return lambda item: shared.post("/orders", params={"item": item}).json()["id"]

@pytest.mark.parametrize("turn", range(3))
def test_the_client_outlives_the_application(order, db, turn):
    order("x")
    assert db.scalar("select count(*) from orders") >= 1
"""


def test_the_shared_client_follows_an_application_that_is_started_again(project: Project) -> None:
    for transport in ("memory", "socket"):
        project.shop(FOLLOWS)
        pyproject = project.root / "pyproject.toml"
        text = pyproject.read_text("utf-8").replace("app = ", f'transport = "{transport}"\napp = ')
        pyproject.write_text(text, "utf-8")
        project.pytest().expect(passed=3)


QUIET = """
import os
import psycopg
import pytest

@pytest.fixture(scope="session")
def connection():
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("select count(*) from orders, pg_class")
        yield connection

@pytest.fixture(scope="session")
def undone(connection):
    with connection.transaction(force_rollback=True):
        connection.execute("create table no (n int)")

@pytest.fixture(scope="session")
def opened():
    connection = psycopg.connect(os.environ["DATABASE_URL"])
    connection.execute("insert into orders (item) values ('never committed')")
    yield connection
    connection.close()

def test_no_session_has_ended(connection, undone, opened, shared_db):
    assert connection.execute("select count(*) from orders").fetchone() == (0,)
    assert opened.execute("select count(*) from orders").fetchone() == (1,)
    assert shared_db.scalar("select count(*) from orders") == 0
"""


def test_fixtures_that_commit_nothing_cost_no_copy(project: Project) -> None:
    result = project.shop(QUIET).pytest().expect(1, passed=1, error=1)
    assert "fresh database" not in result.output
    # What it has not committed when a test is over cannot stay: that is said, under the fixture's name.
    assert "the fixture 'opened' of session scope" in result.output
