"""The pools: as large as configured and not larger, and well again after whatever happened to them."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from steps import AGENT_A, PID, counts, new_skill, refusal

from core.database import sqlstate_of
from core.errors import ConstraintError, DatabaseUnavailableError, PoolExhaustedError

SHORT_WAIT_S = 0.05


@pytest.fixture
async def narrow(another_connector):
    """One connection and one more, and hardly any patience."""
    async with another_connector(
        database_pool_size=1, database_max_overflow=1, database_pool_timeout_seconds=SHORT_WAIT_S
    ) as connector:
        yield connector


def figures(connector, pool="read_write"):
    metrics = connector.metrics()[pool]
    return metrics.in_use, metrics.idle


async def hold(stack, connector, count):
    """Open transactions that stay open until the stack is closed; gives their backends."""
    sessions = [await stack.enter_async_context(connector.transaction(AGENT_A)) for _ in range(count)]
    return [await session.scalar(PID) for session in sessions]


async def test_pool_size_configuration(another_connector):
    async with another_connector() as connector:
        async with AsyncExitStack() as stack:
            assert len(set(await hold(stack, connector, 20))) == 20
            assert figures(connector) == (20, 0)
        # What was reached stays open for the next ones.
        assert figures(connector) == (0, 20)
        async with AsyncExitStack() as stack:
            await hold(stack, connector, 20)
        assert connector.metrics()["read_write"].opened == 20
    assert figures(connector) == (0, 0)


async def test_max_overflow_configuration(another_connector):
    async with another_connector(database_pool_timeout_seconds=SHORT_WAIT_S) as connector:
        async with AsyncExitStack() as stack:
            assert len(set(await hold(stack, connector, 60))) == 60
            assert figures(connector) == (60, 0)
            with pytest.raises(PoolExhaustedError):
                await hold(stack, connector, 1)
            assert figures(connector) == (60, 0)
        # Those above the size of the pool are closed when they come back.
        assert figures(connector) == (0, 20)


async def test_concurrent_connection_acquisition(another_connector):
    async with another_connector(database_pool_size=4, database_max_overflow=0) as connector:
        most = 0

        async def work():
            nonlocal most
            async with connector.transaction(AGENT_A) as session:
                most = max(most, figures(connector)[0])
                return await session.scalar(PID)

        pids = await asyncio.gather(*(work() for _ in range(40)))
        assert (len(pids), len(set(pids)), most) == (40, 4, 4)
        metrics = connector.metrics()["read_write"]
        assert (metrics.opened, metrics.checkouts, metrics.exhausted) == (4, 40, 0)


async def test_connection_reuse(narrow):
    pids = []
    for _ in range(5):
        async with narrow.transaction(AGENT_A) as session:
            pids.append(await session.scalar(PID))
    assert len(set(pids)) == 1
    metrics = narrow.metrics()["read_write"]
    assert (metrics.opened, metrics.checkouts) == (1, 5)


async def test_connection_timeout_handling(narrow):
    async with AsyncExitStack() as stack:
        await hold(stack, narrow, 2)
        for refusals in (1, 2):
            with pytest.raises(PoolExhaustedError) as refused:
                await narrow.run(lambda session: session.scalar(PID), agent_id=AGENT_A)
            assert refused.value.code == "POOL_EXHAUSTED"
            assert narrow.metrics()["read_write"].exhausted == refusals
        # The other pool has connections of its own.
        await narrow.check()
    assert narrow.metrics()["read_only"].exhausted == 0
    # And this one recovers as soon as somebody gives one back.
    async with AsyncExitStack() as stack:
        assert len(set(await hold(stack, narrow, 2))) == 2


async def test_pool_exhaustion_handling(another_connector):
    async with another_connector(database_pool_size=1, database_max_overflow=1) as patient:
        async with AsyncExitStack() as stack:
            first, second = await hold(stack, patient, 2)
            waiting = asyncio.create_task(patient.run(lambda session: session.scalar(PID), agent_id=AGENT_A))
            await asyncio.sleep(0)
            assert not waiting.done()
        # Who waits gets the first connection that is free, and nobody is refused.
        assert await waiting in (first, second)
        assert patient.metrics()["read_write"].exhausted == 0

        # Who gives up waiting leaves nothing behind.
        holding = asyncio.Event()
        impatient = asyncio.create_task(_wait_in_vain(patient, holding))
        await holding.wait()
        impatient.cancel()
        with pytest.raises(asyncio.CancelledError):
            await impatient
        assert figures(patient)[0] == 0


async def _wait_in_vain(connector, holding):
    async with AsyncExitStack() as stack:
        await hold(stack, connector, 2)
        holding.set()
        await hold(stack, connector, 1)


async def test_connection_cleanup_after_error(narrow, db):
    async def fail(session):
        session.add(new_skill("Lost"))
        await session.flush()
        raise LookupError

    for _ in range(5):
        with pytest.raises(LookupError):
            await narrow.run(fail, agent_id=AGENT_A)
        with pytest.raises(ConstraintError):
            await narrow.run(_add_nameless, agent_id=AGENT_A)
        assert figures(narrow) == (0, 1)
    assert narrow.metrics()["read_write"].opened == 1
    assert await counts(narrow) == (0, 0, 0)

    # A server that ends every session, and is away for a while: as at a restart.
    with db.faults.down():
        for _ in range(2):
            with pytest.raises(DatabaseUnavailableError):
                await narrow.run(lambda session: session.scalar(PID), agent_id=AGENT_A)
    assert await narrow.run(lambda session: session.scalar(PID), agent_id=AGENT_A)
    db.faults.terminate()
    assert await narrow.run(lambda session: session.scalar(PID), agent_id=AGENT_A)

    async def lose_the_connection(session):
        assert await session.scalar(PID)
        db.faults.reset()
        await session.scalar(PID)

    with pytest.raises(DatabaseUnavailableError):
        await narrow.run(lose_the_connection, agent_id=AGENT_A)
    assert await narrow.run(lambda session: session.scalar(PID), agent_id=AGENT_A)
    assert figures(narrow) == (0, 1)
    assert narrow.metrics()["read_write"].lost > 0


async def _add_nameless(session):
    session.add(new_skill(None))
    await session.flush()


async def test_session_lifecycle_connection_release(narrow):
    async with narrow.session(AGENT_A) as session:
        for end in (session.commit, session.rollback, session.close):
            await session.scalar(PID)
            assert figures(narrow)[0] == 1
            await end()
            assert figures(narrow) == (0, 1)
        await session.scalar(PID)
    assert figures(narrow) == (0, 1)


async def test_nested_transaction_connection_reuse(narrow):
    async with narrow.transaction(AGENT_A) as session:
        outer = await session.scalar(PID)
        async with session.begin_nested():
            assert await session.scalar(PID) == outer
            async with session.begin_nested():
                session.add(new_skill("Nested"))
            assert await session.scalar(PID) == outer
        assert figures(narrow) == (1, 0)
    assert await counts(narrow) == (1, 1, 1)
    assert narrow.metrics()["read_write"].opened == 1


async def test_pool_monitoring_metrics(narrow):
    fresh = narrow.metrics()
    assert {name: (pool.size, pool.max_overflow) for name, pool in fresh.items()} == {
        "read_write": (1, 1),
        "read_only": (1, 1),
    }
    assert (fresh["read_write"].opened, fresh["read_write"].checkouts) == (0, 0)
    async with AsyncExitStack() as stack:
        await hold(stack, narrow, 2)
        busy = narrow.metrics()["read_write"]
        assert (busy.in_use, busy.idle, busy.opened, busy.checkouts) == (2, 0, 2, 2)
        with pytest.raises(PoolExhaustedError):
            await hold(stack, narrow, 1)
    after = narrow.metrics()["read_write"]
    assert (after.in_use, after.idle, after.exhausted, after.lost) == (0, 1, 1, 0)
    # What was read before does not change.
    assert (busy.in_use, fresh["read_write"].opened) == (2, 0)


async def test_readonly_vs_readwrite_pooling(connector, narrow, create_test_skill):
    await create_test_skill()
    async with narrow.session(AGENT_A, read_only=True) as reader, narrow.session(AGENT_A) as writer:
        assert await reader.scalar(PID) != await writer.scalar(PID)
        assert (figures(narrow), figures(narrow, "read_only")) == ((1, 0), (1, 0))
        for statement in (
            "UPDATE skill_entity SET description = 'x'",
            "INSERT INTO audit_log SELECT * FROM audit_log",
            "SELECT id FROM base_entity FOR UPDATE",
        ):
            assert await refusal(reader, statement) == ("25006", "")
        assert await reader.scalar(text("SELECT count(*) FROM skill_entity")) == 1
        assert await refusal(writer, "UPDATE skill_entity SET description = 'x'") is None
    with pytest.raises(DBAPIError) as refused:
        await _write_to_the_reader(narrow)
    assert sqlstate_of(refused.value) == "25006"
    assert await counts(connector) == (1, 1, 1)


async def _write_to_the_reader(connector):
    async with connector.transaction(AGENT_A, read_only=True) as session:
        session.add(new_skill("Refused"))
