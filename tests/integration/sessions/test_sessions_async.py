"""`async_db_session` on every kind of event loop, with both drivers, without a warning at its end."""

from __future__ import annotations

import re

import pytest

from tests.integration.sessions.models_project import write
from tests.support.project import Project

TESTS = """
import asyncio
{mark}

async def async_names(session):
    return sorted(await session.scalars(select(Customer.name)))

@pytest.mark.parametrize("turn", (1, 2))
async def test_commits(async_db_session, turn):
    async_db_session.add(Customer(id=2, name="bob"))
    await async_db_session.commit()
    bob = await async_db_session.get(Customer, 2)
    await async_db_session.commit()
    assert bob.name == "bob"
    assert await async_names(async_db_session) == ["bob", "of the seed"]
    assert committed() == (["of the seed"] if {rollback} else ["bob", "of the seed"])

async def test_goes_on_after_an_error(async_db_session):
    async_db_session.add(Customer(id=3, name="before"))
    await async_db_session.commit()
    async_db_session.add(Customer(id=1, name="a key that is taken"))
    with pytest.raises(IntegrityError):
        await async_db_session.commit()
    await async_db_session.rollback()
    async with async_db_session.begin_nested():
        async_db_session.add(Customer(id=4, name="nested"))
    assert await async_names(async_db_session) == ["before", "nested", "of the seed"]

async def test_leaves_everything_open(async_db_session):
    async_db_session.add(Customer(id=5, name="open"))
    await async_db_session.flush()
    rows = await async_db_session.stream(select(Customer.name).order_by(Customer.id))
    assert await anext(aiter(rows)) == ("of the seed",)

def test_a_loop_of_its_own(async_db_session):
    async def work():
        async_db_session.add(Customer(id=6, name="own loop"))
        await async_db_session.commit()
        return await async_names(async_db_session)
    assert asyncio.run(work()) == ["of the seed", "own loop"]

def test_is_not_used(async_db_session):
    assert async_db_session.is_active

def test_sync(db_session):
    assert names(db_session) == ["of the seed"]
"""
ASYNCIO, ANYIO = ("-p", "pytest_asyncio.plugin"), ("-p", "anyio.pytest_plugin")
WAYS = {
    "asyncio-strict": (
        (*ASYNCIO, "--asyncio-mode=strict"),
        "asynchronous = pytest.mark.asyncio",
        "asyncio_default_fixture_loop_scope=function",
    ),
    "asyncio-auto": (
        (*ASYNCIO, "--asyncio-mode=auto"),
        "asynchronous = pytest.mark.integration",
        "asyncio_default_fixture_loop_scope=function",
    ),
    "asyncio-one-loop-for-all": (
        (*ASYNCIO, "--asyncio-mode=auto"),
        "asynchronous = pytest.mark.asyncio(loop_scope='session')",
        "asyncio_default_fixture_loop_scope=session",
    ),
    "anyio": (ANYIO, "asynchronous = pytest.mark.anyio", ""),
}
BACKEND = """
import pytest

@pytest.fixture
def anyio_backend():
    return "asyncio"
"""


@pytest.mark.parametrize("driver", ["asyncpg", "psycopg"])
@pytest.mark.parametrize("isolation", ["rollback", "reset"])
@pytest.mark.parametrize("way", WAYS)
def test_on_every_loop(project: Project, way: str, isolation: str, driver: str) -> None:
    arguments, mark, ini = WAYS[way]
    tests = TESTS.format(mark=mark, rollback=isolation == "rollback")
    tests = tests.replace("async def test_", "@asynchronous\nasync def test_")
    conftest = BACKEND if way == "anyio" else ""
    if driver == "psycopg":
        conftest += WITHOUT_ASYNCPG
    write(
        project, tests, isolation=isolation, **{"conftest.py": conftest, "pytest.ini": f"[pytest]\n{ini}\n"}
    )
    result = project.pytest(*arguments).expect(passed=7)
    restored = re.search(r"isolation    \d+ (resets|fresh)", result.output)
    assert bool(restored) == (isolation == "reset"), result.output


WITHOUT_ASYNCPG = """
import importlib.util
import seatrial.config.address as address

# As if asyncpg were not installed.
find = address.find_spec
address.find_spec = lambda name: None if name == "asyncpg" else find(name)
"""

TOLD = """
import asyncio

@pytest.fixture
async def of_another_loop():
    pass

@pytest.mark.asyncio
async def test_flushes_only(async_db_session):
    await async_db_session.execute(text("insert into orders (customer_id) values (7)"))
    assert await async_db_session.scalar(text("select count(*) from orders")) == 1

def test_flushes_only_in_a_loop_of_its_own(async_db_session):
    async def work():
        await async_db_session.execute(text("insert into orders (customer_id) values (8)"))
    asyncio.run(work())
    assert True

@pytest.mark.asyncio
async def test_commits_itself(async_db_session):
    connection = await async_db_session.connection()
    try:
        await connection.commit()
    except Exception:
        pass
    assert committed() == ["of the seed"]

@pytest.mark.asyncio
async def test_commits_below(async_db_session):
    raw = await (await async_db_session.connection()).get_raw_connection()
    await async_db_session.execute(text("insert into customers values (2, 'committed')"))
    await raw.driver_connection.execute("commit")
    assert committed() == ["committed", "of the seed"]

def test_two_loops(async_db_session):
    async def work():
        await async_db_session.execute(text("select 1"))
    asyncio.run(work())
    asyncio.run(work())

def test_a_loop_that_is_cut_off(async_db_session):
    async def work():
        await async_db_session.execute(text("select 1"))
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(work())
        with pytest.raises(Exception, match="session.other-loop"):
            asyncio.run(work())
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()

@pytest.mark.asyncio
async def test_z_is_not_affected(async_db_session):
    assert list(await async_db_session.scalars(select(Customer.name))) == ["of the seed"]
    assert await async_db_session.scalar(text("select count(*) from orders")) == 0
"""


def test_break_outs_are_told(project: Project) -> None:
    ini = "[pytest]\nasyncio_default_fixture_loop_scope=function\n"
    result = write(project, TOLD, **{"pytest.ini": ini}).pytest(*ASYNCIO, "-rfE", "-p", "no:randomly")
    result.expect(1, failed=5, passed=2)
    assert "Key (customer_id)=(7) is not present" in result.output
    assert "Key (customer_id)=(8) is not present" in result.output
    assert "it commits the transaction itself" in result.output
    assert "FAILED test_sessions.py::test_commits_below" in result.output
    assert "or the event loop of the session, had ended" in result.output


TRIO = """
@pytest.mark.anyio
async def test_trio(async_db_session):
    with pytest.raises(Exception, match="session.not-asyncio"):
        await async_db_session.execute(text("select 1"))
"""


def test_trio_is_refused(project: Project) -> None:
    write(project, TRIO, **{"conftest.py": BACKEND.replace('"asyncio"', '"trio"')})
    project.pytest(*ANYIO).expect(passed=1)
