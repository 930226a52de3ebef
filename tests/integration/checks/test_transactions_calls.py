"""A team's own functions at the same time: each order leaves what whole calls leave, or it is told."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import asyncpg
import psycopg
import pytest
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine

from seatrial.checks.transactions import Explored, assert_serializable
from seatrial.errors import TransactionError
from seatrial.postgres.cluster import Cluster

PREPARE = "truncate accounts; insert into accounts values (1, 100), (2, 100)"
STATE = "select id, balance from accounts order by id"
READ = "select balance from accounts where id = 1"
WRITE = "update accounts set balance = {} where id = 1"


@pytest.fixture(scope="module")
def url(cluster: Cluster) -> Iterator[str]:
    with cluster.connect("postgres") as admin:
        admin.execute("create database bank owner clerk")
        admin.execute("alter role clerk set deadlock_timeout = '20ms'")
    with cluster.connect("bank", login="app") as connection:
        connection.execute("create table accounts (id int primary key, balance int not null)")
    yield cluster.address("bank", login="app").url()
    with cluster.connect("postgres") as admin:
        admin.execute("drop database bank with (force)")
        admin.execute("alter role clerk reset deadlock_timeout")


@dataclass
class Bank:
    """Adds to an account in two statements, by each library."""

    url: str
    lock: str = ""
    begin: str = ""

    def psycopg(self, amount: int) -> None:
        with psycopg.connect(self.url) as connection:
            self._prelude(connection.execute)
            (balance,) = connection.execute(READ + self.lock).fetchone() or (0,)
            connection.execute(WRITE.format(balance + amount))

    def psycopg_block(self, amount: int) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection, connection.transaction():
            (balance,) = connection.execute(READ + self.lock).fetchone() or (0,)
            connection.execute(WRITE.format(balance + amount))

    async def psycopg_async(self, amount: int) -> None:
        async with await psycopg.AsyncConnection.connect(self.url) as connection:
            cursor = await connection.execute(READ + self.lock)
            (balance,) = await cursor.fetchone() or (0,)
            await connection.execute(WRITE.format(balance + amount))

    async def asyncpg(self, amount: int) -> None:
        connection = await asyncpg.connect(self.url)
        async with connection.transaction():
            balance = await connection.fetchval(READ + self.lock)
            await connection.execute(WRITE.format(balance + amount))
        await connection.close()

    def sqlalchemy(self, amount: int, driver: str = "psycopg") -> None:
        engine = create_engine(self.url.replace("postgresql", f"postgresql+{driver}"), poolclass=NullPool)
        with engine.begin() as connection:
            balance = connection.scalar(text(READ + self.lock))
            connection.execute(text(WRITE.format(balance + amount)))

    def psycopg2(self, amount: int) -> None:
        self.sqlalchemy(amount, "psycopg2")

    async def sqlalchemy_async(self, amount: int) -> None:
        engine = create_async_engine(self.url.replace("postgresql", "postgresql+asyncpg"), poolclass=NullPool)
        async with engine.begin() as connection:
            balance = await connection.scalar(text(READ + self.lock))
            await connection.execute(text(WRITE.format(balance + amount)))

    def _prelude(self, execute: Callable[[str], Any]) -> None:
        if self.begin:
            execute(self.begin)


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


def move(url: str, first: int, second: int) -> None:
    with psycopg.connect(url) as connection:
        for row in (first, second):
            connection.execute("update accounts set balance = balance + 1 where id = %s", [row])


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


def test_a_lock_of_the_process_is_waited_for(url: str) -> None:
    lock = threading.Lock()

    def add(amount: int) -> None:
        with lock:
            Bank(url).psycopg(amount)

    explored = assert_serializable(
        lambda: add(1), lambda: add(10), url=url, prepare=PREPARE, state=STATE, switches=1
    )
    assert explored.runs > 2


def test_somebody_else_who_holds_a_lock_is_named_and_nothing_is_left(url: str) -> None:
    threads = set(threading.enumerate())
    with psycopg.connect(url) as other:
        prepared, pid = 0, other.info.backend_pid

        def prepare() -> None:
            nonlocal prepared
            prepared += 1
            if prepared == 1:
                return
            other.execute("select * from accounts for update")

        with psycopg.connect(url) as setting:
            setting.execute(PREPARE)
        with pytest.raises(TransactionError) as found:
            assert_serializable(
                lambda: move(url, 1, 2),
                lambda: move(url, 1, 2),
                url=url,
                prepare=prepare,
                state=STATE,
                timeout=1,
            )
    assert found.value.code == "transactions.hang"
    assert f"session {pid}: idle in transaction" in found.value.detail
    assert set(threading.enumerate()) - threads == set()


WAIT = "update accounts set balance = 100"


@pytest.mark.parametrize("kind", ["statement", "function", "coroutine", "state"])
def test_a_state_that_cannot_be_made_ends_and_names_who_holds_the_lock(kind: str, url: str) -> None:
    def function() -> None:
        with psycopg.connect(url) as connection:
            connection.execute(WAIT)

    async def coroutine() -> None:
        async with await psycopg.AsyncConnection.connect(url) as connection:
            await connection.execute(WAIT)

    ways: dict[str, str | Callable[[], Any]] = {
        "statement": WAIT,
        "function": function,
        "coroutine": coroutine,
    }
    threads = set(threading.enumerate())
    with psycopg.connect(url) as other:
        other.execute(PREPARE)
        pid = other.info.backend_pid
        with pytest.raises(TransactionError) as found:
            assert_serializable(
                lambda: move(url, 1, 2),
                lambda: move(url, 1, 2),
                url=url,
                prepare=ways.get(kind, "select 1"),
                state=STATE,
                timeout=0.2,
            )
        assert other.execute("select count(*) from accounts").fetchone() == (2,)
        other.rollback()
    assert found.value.code == "transactions.hang"
    name = "state" if kind == "state" else "prepare"
    assert f"`{name}` is over after 0.2 s" in found.value.message
    assert f"waits for session {pid}" in found.value.detail
    assert f"session {pid}: idle in transaction" in found.value.detail
    assert set(threading.enumerate()) - threads == set()


def test_what_works_on_when_its_call_is_over_is_not_stopped(url: str) -> None:
    looked, worked = threading.Event(), threading.Event()
    tasks: list[asyncio.Task[None]] = []

    async def work_on() -> None:
        await asyncio.to_thread(looked.wait, 30)
        async with await psycopg.AsyncConnection.connect(url) as connection:
            await connection.execute(READ)
        worked.set()

    async def add() -> None:
        await Bank(url).psycopg_async(1)
        # One is enough, and it is waited for: another's connection would be cut off with its loop.
        if not tasks:
            tasks.append(asyncio.create_task(work_on()))

    def state() -> Any:
        if tasks:
            looked.set()
            assert worked.wait(10)
        with psycopg.connect(url) as connection:
            return connection.execute(STATE).fetchall()

    with pytest.raises(TransactionError) as found:
        assert_serializable(add, add, url=url, prepare=PREPARE, state=state, timeout=20)
    assert found.value.code == "transactions.not-serializable"


def test_who_keeps_somebody_waiting_that_we_may_not_cancel_is_ended(url: str, cluster: Cluster) -> None:
    def prepare() -> None:
        with cluster.connect("bank") as connection:
            connection.execute(WAIT)

    with psycopg.connect(url) as other:
        other.execute(PREPARE)
        pid = other.info.backend_pid
        with pytest.raises(TransactionError, match="`prepare` is over") as found:
            assert_serializable(
                lambda: move(url, 1, 2),
                lambda: move(url, 1, 2),
                url=url,
                prepare=prepare,
                state=STATE,
                timeout=0.2,
            )
        with pytest.raises(psycopg.OperationalError):
            other.execute("select")
        other.close()
    assert f"waits for session {pid}" in found.value.detail


@pytest.mark.parametrize("statement", ["select pg_sleep(100)", None])
def test_a_state_that_takes_too_long_is_left_alone(statement: str | None, url: str) -> None:
    end = threading.Event()
    try:
        with pytest.raises(TransactionError, match="`prepare` is over") as found:
            assert_serializable(
                lambda: move(url, 1, 2),
                lambda: move(url, 1, 2),
                url=url,
                prepare=statement or end.wait,
                state=STATE,
                timeout=0.2,
            )
    finally:
        end.set()
    assert found.value.code == "transactions.hang"


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
