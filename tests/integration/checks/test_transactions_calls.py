"""A team's own functions at the same time: each order leaves what whole calls leave, or it is told."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import asyncpg
import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from seatrial.checks.transactions import Explored, assert_serializable
from seatrial.errors import TransactionError
from seatrial.postgres.cluster import Cluster
from tests.integration.checks.bank import PREPARE, READ, STATE, WRITE, Bank, move, opened


@pytest.fixture(scope="module")
def url(cluster: Cluster) -> Iterator[str]:
    with opened(cluster) as address:
        yield address


LIBRARIES = [
    "psycopg", "psycopg_block", "psycopg_async", "asyncpg", "sqlalchemy", "psycopg2", "sqlalchemy_async"
]  # fmt: skip


def together(bank: Bank, library: str, **options: Any) -> Explored:
    add = getattr(bank, library)
    return assert_serializable(
        lambda: add(1), lambda: add(10), url=bank.url, prepare=PREPARE, state=STATE, **options
    )


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_lost_update_is_told_with_its_schedule(library: str, url: str) -> None:
    with pytest.raises(TransactionError) as found:
        together(Bank(url), library)
    assert found.value.code == "transactions.not-serializable"
    told = str(found.value)
    assert "call 1: " + READ in told
    assert "call 1: COMMIT" in told
    assert "call 1 then call 2: [(1, 111), (2, 100)]" in told


@pytest.mark.parametrize("library", LIBRARIES)
def test_with_a_lock_every_order_is_right(library: str, url: str) -> None:
    explored = together(Bank(url, lock=" for update"), library)
    assert explored.complete
    assert explored.errors == {}
    assert explored.runs > 4


def test_functions_that_use_an_engine_of_the_tests_own_loop(url: str) -> None:
    async def test() -> None:
        loop = asyncio.get_running_loop()
        engine = create_async_engine(url.replace("postgresql", "postgresql+asyncpg"))

        async def add(amount: int) -> None:
            async with engine.begin() as connection:
                balance = await connection.scalar(text(READ))
                await connection.execute(text(WRITE.format(balance + amount)))

        async with engine.connect() as connection:
            await connection.execute(text(PREPARE.partition(";")[0]))
        try:
            await asyncio.to_thread(
                assert_serializable,
                lambda: add(1),
                lambda: add(10),
                url=url,
                prepare=PREPARE,
                state=STATE,
                run=lambda coroutine: asyncio.run_coroutine_threadsafe(coroutine, loop).result(),
            )
        finally:
            await engine.dispose()

    with pytest.raises(TransactionError) as found:
        asyncio.run(test())
    assert found.value.code == "transactions.not-serializable"


LATE = """
import asyncio, sys
from seatrial.checks.transactions import assert_serializable

url = sys.argv[1]

async def add(amount):
    import asyncpg

    connection = await asyncpg.connect(url)
    await connection.execute(f"update accounts set balance = balance + {amount} where id = 1")
    await connection.close()

assert "asyncpg" not in sys.modules
explored = assert_serializable(
    lambda: add(1), lambda: add(10), url=url, prepare=sys.argv[2], state=sys.argv[3]
)
print(explored.runs, [type(each).__module__ for each in sys.meta_path if "seatrial" in type(each).__module__])
"""


def test_a_driver_that_is_imported_by_a_call(url: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LATE, url, PREPARE, STATE],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("2 []\n", "")


def test_what_the_server_refuses_is_declared_or_told(url: str) -> None:
    strict = Bank(url, begin="set transaction isolation level serializable")
    explored = together(strict, "psycopg", errors=["40001"])
    assert explored.errors["40001"] > 0
    assert together(strict, "psycopg", errors=[psycopg.errors.SerializationFailure]) == explored
    with pytest.raises(TransactionError, match="found 40001 SerializationFailure") as found:
        together(strict, "psycopg", errors=["40P01"])
    assert found.value.code == "transactions.error"
    assert "or with 40P01" in found.value.message


def test_who_tries_again_lets_nobody_see_it(url: str) -> None:
    tried = 0

    def add(amount: int) -> None:
        nonlocal tried
        while True:
            tried += 1
            try:
                Bank(url, begin="set transaction isolation level repeatable read").psycopg(amount)
            except psycopg.errors.SerializationFailure:
                continue
            return

    explored = assert_serializable(
        lambda: add(1), lambda: add(10), url=url, prepare=PREPARE, state=STATE, switches=1
    )
    assert explored.errors == {}
    assert tried > 2 * explored.runs + 10  # two of each run and order, and each alone


def test_a_deadlock(url: str) -> None:
    def both(second: tuple[int, int], errors: list[str]) -> Explored:
        return assert_serializable(
            lambda: move(url, 1, 2),
            lambda: move(url, *second),
            url=url,
            prepare=PREPARE,
            state=STATE,
            errors=errors,
            switches=1,
        )

    with pytest.raises(TransactionError, match="40P01 DeadlockDetected") as found:
        both((2, 1), [])
    assert "call 2 waits for call 1" in found.value.detail
    assert "take locks in one order" in found.value.remedy
    assert set(both((2, 1), ["40P01"]).errors) == {"40P01"}
    assert both((1, 2), []).errors == {}


def test_write_skew_of_three(url: str) -> None:
    def leave(row: int) -> None:
        with psycopg.connect(url) as connection:
            connection.execute("set transaction isolation level repeatable read")
            (left,) = connection.execute("select count(*) from accounts where balance > 0").fetchone() or (0,)
            if left > 1:
                connection.execute("update accounts set balance = 0 where id = %s", [row])

    with pytest.raises(TransactionError) as found:
        assert_serializable(
            lambda: leave(1), lambda: leave(2), lambda: leave(1), url=url, prepare=PREPARE, state=STATE
        )
    assert found.value.code == "transactions.not-serializable"
    assert "call 3 then call 1 then call 2: [(1, 0), (2, 100)]" in found.value.detail


def test_what_a_failed_call_has_left_counts(url: str) -> None:
    def add_unless_disturbed() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            before = connection.execute(STATE + " offset 1").fetchall()
            connection.execute("update accounts set balance = balance + 1 where id = 1")
            if connection.execute(STATE + " offset 1").fetchall() != before:
                raise LookupError

    with pytest.raises(TransactionError) as found:
        assert_serializable(
            add_unless_disturbed,
            lambda: move(url, 2, 2),
            url=url,
            prepare=PREPARE,
            state=STATE,
            errors=[LookupError],
        )
    assert found.value.code == "transactions.not-serializable"
    assert "LookupError" in found.value.detail
    assert "call 2: [(1, 100), (2, 102)]" in found.value.detail


async def blocks(url: str) -> None:
    Bank(url).psycopg(1)


def fails(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("select nonsense")


@pytest.mark.parametrize(
    ("functions", "code"),
    [
        ([fails], "calls"),
        ([fails, fails], "alone"),
        ([lambda _: None, lambda _: None], "unseen"),
        ([blocks, blocks], "mixed"),
    ],
)
def test_calls_that_cannot_be_judged(functions: list[Callable[[str], Any]], code: str, url: str) -> None:
    calls = [lambda call=call: call(url) for call in functions]
    with pytest.raises(TransactionError) as found:
        assert_serializable(*calls, url=url, prepare=PREPARE, state=STATE)
    assert found.value.code == f"transactions.{code}"


def test_a_server_that_is_not_there_and_a_limit(url: str) -> None:
    with pytest.raises(TransactionError) as found:
        together(Bank(url.replace("bank", "nobank")), "psycopg")
    assert found.value.code == "transactions.no-server"
    assert "secret" not in str(found.value)
    assert together(Bank(url, lock=" for update"), "psycopg", at_most=2) == Explored(
        runs=2, complete=False, errors={}
    )


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"state": "select count(*) from accounts"}, "unchanged"),
        ({"state": "select *, clock_timestamp() from accounts order by id"}, "unstable"),
        ({"prepare": lambda: None}, "unstable"),
        ({"prepare": "truncate pg_class"}, "statement"),
    ],
)
def test_a_state_that_proves_nothing(options: dict[str, Any], code: str, url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(PREPARE)
    add = Bank(url, lock=" for update").psycopg
    with pytest.raises(TransactionError) as found:
        assert_serializable(
            lambda: add(1), lambda: add(10), url=url, **{"prepare": PREPARE, "state": STATE, **options}
        )
    assert found.value.code == f"transactions.{code}"


def test_the_drivers_are_as_before(url: str) -> None:
    before = psycopg.Cursor.execute, psycopg.Connection.commit, asyncpg.Connection.fetch
    together(Bank(url, lock=" for update"), "psycopg", at_most=1)
    assert (psycopg.Cursor.execute, psycopg.Connection.commit, asyncpg.Connection.fetch) == before
