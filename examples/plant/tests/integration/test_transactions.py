"""What transactions promise one another, each test with two or more connections at work at the same time."""

import asyncio

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.util import await_only
from steps import AGENT, AGENT_A, AGENT_B, PID, counts, evolve, new_skill, refusal

from core import entities
from core.database import sqlstate_of
from core.errors import ConstraintError, InvalidError, TransientError
from models import Agent, Skill
from security import audit

NAMES = select(Skill.name).order_by(Skill.name)
ISOLATION = text("SHOW transaction_isolation")


@pytest.fixture
async def one(connector):
    async with connector.session(AGENT_A) as session:
        yield session


@pytest.fixture
async def two(connector):
    async with connector.session(AGENT_A) as session:
        yield session


async def isolated(session, isolation):
    """Begin a transaction of this isolation."""
    await session.connection(execution_options={"isolation_level": isolation})


def rename(skill, name):
    return text("UPDATE skill_entity SET name = :name WHERE id = :id").bindparams(name=name, id=skill.id)


async def test_transaction_commit_atomicity(connector, one, two):
    async def fail_between(session):
        session.add(new_skill("First"))
        await session.flush()
        assert list(await one.scalars(NAMES)) == []
        await session.execute(text("SELECT 1 / (SELECT count(*) FROM skill_entity WHERE name = 'nobody')"))
        session.add(new_skill("Second"))

    with pytest.raises(Exception, match="division by zero"):
        await connector.run(fail_between, agent_id=AGENT_A)
    assert await counts(connector) == (0, 0, 0)

    async with connector.transaction(AGENT_A) as session:
        session.add_all([new_skill("First"), new_skill("Second")])
        await session.flush()
        assert list(await two.scalars(NAMES)) == []
    # Both, their entities and their entries of the log at the same moment.
    assert list(await two.scalars(NAMES)) == ["First", "Second"]
    assert await counts(connector) == (2, 2, 2)


async def test_transaction_rollback_on_constraint_violation(connector, create_test_skill, two):
    await create_test_skill(name="Taken")

    async def add_two(session):
        session.add(new_skill("Fine"))
        await session.flush()
        session.add(new_skill("Taken"))
        await session.flush()

    with pytest.raises(ConstraintError) as refused:
        await connector.run(add_two, agent_id=AGENT_A)
    assert (refused.value.sqlstate, refused.value.name) == ("23505", "uq_skill_entity_name")
    assert list(await two.scalars(NAMES)) == ["Taken"]
    assert await counts(connector) == (1, 1, 1)
    assert (await audit.verify(two)).intact


async def test_transaction_isolation_level(connector):
    for isolation in ("READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"):
        async with connector.transaction(AGENT_A, isolation=isolation) as session:
            assert await session.scalar(ISOLATION) == isolation.lower()
            async with connector.transaction(AGENT_A) as other:
                assert await other.scalar(ISOLATION) == "read committed"
    # The connection that served the last one has not kept it.
    for _ in range(connector.read_write.pool.checkedin()):
        async with connector.transaction(AGENT_A) as session:
            assert await session.scalar(ISOLATION) == "read committed"


async def test_dirty_read_prevention(connector, one, two, create_test_skill):
    skill = await create_test_skill(name="Clean")
    await one.execute(rename(skill, "Dirty"))
    async with connector.session(None) as careless:
        # Not even who asks for it gets what another one has not committed.
        await careless.execute(text("SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED"))
        for reader in (careless, two):
            assert list(await reader.scalars(NAMES)) == ["Clean"]
        await one.rollback()
        for reader in (careless, two, one):
            assert list(await reader.scalars(NAMES)) == ["Clean"]


async def test_repeatable_read_consistency(connector, another_connector, one, two, create_test_skill):
    skill = await create_test_skill(name="Before")
    await isolated(two, "REPEATABLE READ")
    assert list(await one.scalars(NAMES)) == list(await two.scalars(NAMES)) == ["Before"]
    await evolve(connector, skill, {"name": "After"})
    # Without a snapshot of its own, a transaction reads the same row differently; with one it does not.
    assert list(await one.scalars(NAMES)) == ["After"]
    assert list(await two.scalars(NAMES)) == ["Before"]
    # And it cannot overwrite what it has not seen.
    assert await refusal(two, "UPDATE skill_entity SET name = 'Lost update'") == ("40001", "")
    await two.rollback()
    assert list(await two.scalars(NAMES)) == ["After"]

    # Who is in the way at every attempt is told in the end.
    attempts = 0

    async def overwrite(session):
        nonlocal attempts
        attempts += 1
        assert len(list(await session.scalars(NAMES))) == 1
        await evolve(connector, skill, {"name": f"After {attempts}"})
        await session.execute(rename(skill, "Lost update"))

    async with another_connector(transaction_attempts=3) as persistent:
        with pytest.raises(TransientError) as given_up:
            await persistent.run(overwrite, agent_id=AGENT_A, isolation="REPEATABLE READ")
    assert (attempts, given_up.value.sqlstate) == (3, "40001")


async def test_phantom_read_handling(one, two, create_test_skill):
    await create_test_skill(name="First")
    count = select(func.count()).select_from(Skill)
    await isolated(two, "REPEATABLE READ")
    assert await one.scalar(count) == await two.scalar(count) == 1
    await create_test_skill(name="Phantom")
    assert (await one.scalar(count), await two.scalar(count)) == (2, 1)
    await two.commit()
    assert await two.scalar(count) == 2


async def test_serialization_consistency(connector, one, two, create_test_agent, create_test_team):
    # Two agents, each may leave its team as long as the other stays. Both look, then both leave.
    team = await create_test_team()
    agents = [await create_test_agent(team_id=team.id) for _ in range(2)]
    for session, agent in zip((one, two), agents, strict=True):
        await isolated(session, "SERIALIZABLE")
        assert await session.scalar(_at_work(team)) == 2
        await session.execute(LEAVE, {"id": agent.id})
    await one.commit()
    with pytest.raises(DBAPIError) as refused:
        await two.commit()
    assert sqlstate_of(refused.value) == "40001"
    await two.rollback()
    assert await one.scalar(_at_work(team)) == 1
    await one.rollback()

    # The application tries again, sees that the other one has left, and says so.
    team = await create_test_team()
    agents = [await create_test_agent(team_id=team.id) for _ in range(2)]
    retries = connector.metrics()["read_write"].retries
    outcomes = await both_leave(connector, agents, "SERIALIZABLE")
    assert {type(outcome) for outcome in outcomes} == {Agent, InvalidError}
    assert await one.scalar(_at_work(team)) == 1
    assert connector.metrics()["read_write"].retries == retries + 1
    assert (await audit.verify(one)).intact
    await one.rollback()

    # With less isolation both go, and nobody notices.
    team = await create_test_team()
    agents = [await create_test_agent(team_id=team.id) for _ in range(2)]
    outcomes = await both_leave(connector, agents, "READ COMMITTED")
    assert [type(outcome) for outcome in outcomes] == [Agent, Agent]
    assert await one.scalar(_at_work(team)) == 0


LEAVE = text("UPDATE base_entity SET status = 'deprecated' WHERE id = :id")


def _at_work(team):
    return select(func.count()).select_from(Agent).where(Agent.team_id == team.id, Agent.status == "active")


async def both_leave(connector, agents, isolation):
    """Both agents leave their team; at first none of them writes before both have looked."""
    both_looked = asyncio.Barrier(2)

    async def leave(agent):
        attempts = 0

        async def work(session):
            nonlocal attempts
            attempts += 1
            if attempts == 1:
                event.listen(session.sync_session, "before_flush", lambda *_: await_only(both_looked.wait()))
            return await entities.evolve(session, Agent, agent.id, {"status": "deprecated"}, reason="leaves")

        return await connector.run(work, agent_id=AGENT_A, isolation=isolation)

    return await asyncio.gather(*(leave(agent) for agent in agents), return_exceptions=True)


async def test_concurrent_transaction_non_interference(connector, one, create_test_skill):
    mine = await create_test_skill(name="Mine")
    theirs = await create_test_skill(name="Theirs", agent=AGENT_B)
    async with connector.session(AGENT_B) as two:
        assert await one.scalar(PID) != await two.scalar(PID)
        await one.execute(rename(mine, "Mine anew"))
        # The other one neither waits nor sees it, and each works for its own agent.
        await two.execute(rename(theirs, "Theirs anew"))
        assert list(await one.scalars(NAMES)) == ["Mine anew", "Theirs"]
        assert list(await two.scalars(NAMES)) == ["Mine", "Theirs anew"]
        assert (await one.execute(rename(theirs, "Stolen"))).rowcount == 0
        await two.commit()
        assert list(await one.scalars(NAMES)) == ["Mine anew", "Theirs anew"]
        await one.rollback()
        assert list(await two.scalars(NAMES)) == ["Mine", "Theirs anew"]


async def test_transaction_deadlock_prevention(another_connector, one, create_test_skill):
    skills = [await create_test_skill() for _ in range(2)]
    met, both_hold_one = [], asyncio.Barrier(2)

    async def rename_both(connector, first, second, suffix):
        attempts = 0

        async def work(session):
            nonlocal attempts
            attempts += 1
            await session.execute(rename(first, f"{first.name} {suffix}"))
            if attempts == 1:
                await both_hold_one.wait()
            try:
                await session.execute(rename(second, f"{second.name} {suffix}"))
            except DBAPIError as error:
                met.append(sqlstate_of(error))
                raise

        await connector.run(work, agent_id=AGENT_A)
        return attempts

    async with another_connector() as connector:
        attempts = await asyncio.gather(
            rename_both(connector, *skills, "A"), rename_both(connector, *skills[::-1], "B")
        )
        assert connector.metrics()["read_write"].retries == len(met)
    # The server ended one of them, which was tried again; where that was quicker than the other one to wake
    # up, they met once more. In the end both are done, one after the other.
    assert set(met) == {"40P01"}
    assert sum(attempts) == 2 + len(met)
    suffixes = {name.rpartition(" ")[2] for name in await one.scalars(NAMES)}
    assert len(suffixes) == 1
    assert suffixes < {"A", "B"}


async def test_transaction_savepoint_support(connector, two):
    async with connector.transaction(AGENT_A) as session:
        session.add(new_skill("Kept"))
        await session.flush()
        for name in ("Undone", "Undone, too"):
            with pytest.raises(LookupError):
                await _fail_in_savepoint(session, name)
        async with session.begin_nested():
            session.add(new_skill("Kept, too"))
        assert await refusal(session, "SELECT no_such_function()") == ("42883", "")
        assert await session.scalar(AGENT) == AGENT_A
        assert list(await two.scalars(NAMES)) == []
    assert list(await two.scalars(NAMES)) == ["Kept", "Kept, too"]
    verdict = await audit.verify(two)
    assert (verdict.intact, verdict.entries) == (True, 2)


async def _fail_in_savepoint(session, name):
    async with session.begin_nested():
        session.add(new_skill(name))
        await session.flush()
        raise LookupError
