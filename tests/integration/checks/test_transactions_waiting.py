"""What functions and the state they are judged by wait for: nothing hangs, and who holds a lock is named."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from seatrial.checks.transactions import assert_serializable
from seatrial.errors import TransactionError
from seatrial.postgres.cluster import Cluster
from tests.integration.checks.bank import PREPARE, READ, STATE, Bank, move, opened


@pytest.fixture(scope="module")
def url(cluster: Cluster) -> Iterator[str]:
    with opened(cluster) as address:
        yield address


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
