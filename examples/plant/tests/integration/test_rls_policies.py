"""What agent A may do to what is B's, as the application's role, and what constraints refuse to all."""

import json
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from pydantic import ValidationError
from rows import CHILDREN
from sqlalchemy import select, text
from steps import (
    AGENT_A,
    AGENT_B,
    ENTITY_TABLES,
    INSERT_BASE,
    INSERT_SKILL,
    base,
    counts,
    evolve,
    new_skill,
    refusal,
)

from core import entities
from core.connector import DatabaseConnector
from core.errors import ConstraintError, InvalidError, NotAllowedError, NotFoundError
from core.settings import Settings
from models import Agent, Skill
from security.rls import UnrestrictedRoleError, require_restricted_role

CHAIN = ("23001", "base_entity_hash_chain_append_only")
COPY_BASE = (
    "INSERT INTO base_entity SELECT changed.* FROM base_entity b,"
    " jsonb_populate_record(b, CAST(:changes AS jsonb)) changed"
)


@pytest.fixture(autouse=True)
async def as_the_application(async_session):
    """Every other role would pass these tests without a single policy."""
    await require_restricted_role(async_session)
    await async_session.rollback()


@pytest.fixture
async def drafts_of_b(
    create_test_agent, create_test_team, create_test_skill, create_test_job_role, create_test_industry
):
    """One draft of agent B in each table."""
    draft = {"agent": AGENT_B, "status": "draft"}
    skill = await create_test_skill(**draft)
    industry = await create_test_industry(**draft)
    team = await create_test_team(**draft)
    role = await create_test_job_role(industry_id=industry.id, **draft)
    agent = await create_test_agent(
        skill_id=skill.id, job_role_id=role.id, industry_id=industry.id, team_id=team.id, **draft
    )
    made = (skill, industry, team, role, agent)
    return dict(zip(CHILDREN, made, strict=True)) | {"base_entity": skill}


@pytest.mark.usefixtures("drafts_of_b")
async def test_rls_policies_enabled_on_base_entity(postgres_container, db):
    # The owner has to obey as well, and sees nothing of a draft in any table ...
    assert {table: db.scalar(f"SELECT count(*) FROM {table}") for table in ENTITY_TABLES} == dict.fromkeys(
        ENTITY_TABLES, 0
    )
    # ... but could switch the policies off, so the application refuses to be the owner, or a superuser.
    cluster = postgres_container.cluster
    owner = cluster.address(postgres_container.name, login="owner").url("postgresql+asyncpg")
    async with DatabaseConnector(Settings(database_url=owner)) as above:
        with pytest.raises(UnrestrictedRoleError, match="owns the tables"):
            await above.check()
    for right, why in (("SUPERUSER", "is a superuser"), ("BYPASSRLS", "has BYPASSRLS")):
        async with (
            _role_with(postgres_container, right) as url,
            DatabaseConnector(Settings(database_url=url)) as above,
        ):
            with pytest.raises(UnrestrictedRoleError, match=why):
                await above.check()


async def test_insert_valid_skill(connector, async_session, drafts_of_b, create_test_skill):
    mine = await create_test_skill(status="draft")
    shared = await create_test_skill(agent=AGENT_B)
    seen = set(await async_session.scalars(select(Skill.id)))
    assert seen == {mine.id, shared.id}
    for table, draft in drafts_of_b.items():
        own = text(f"SELECT count(*) FROM {table} WHERE id = :id")
        assert await async_session.scalar(own, {"id": draft.id}) == 0, table
        async with connector.session(AGENT_B) as theirs:
            assert await theirs.scalar(own, {"id": draft.id}) == 1, table
    # Nobody in particular sees what is active, and nothing else.
    async with connector.session(None) as nobody:
        assert list(await nobody.scalars(select(Skill.id))) == [shared.id]
    with pytest.raises(NotFoundError):
        await entities.find(async_session, Agent, drafts_of_b["agent_entity"].id)


async def test_append_only_enforcement(async_session, create_test_skill, db):
    skill = await create_test_skill()
    for table in ("skill_entity", "base_entity", "audit_log"):
        assert await refusal(async_session, f"DELETE FROM {table}") == ("42501", "")
        assert await refusal(async_session, f"TRUNCATE {table} CASCADE") == ("42501", "")
    # No policy allows it either: what the owner deletes is nothing.
    assert db.execute("DELETE FROM skill_entity") == 0
    for chain in ("'{}'", "ARRAY['0']", "hash_chain_sha256[2:]", "NULL"):
        shorter = f"UPDATE base_entity SET hash_chain_sha256 = {chain} WHERE id = :id"
        assert await refusal(async_session, shorter, id=skill.id) == CHAIN
    assert await async_session.scalar(select(Skill.hash_chain_sha256)) == skill.hash_chain_sha256


async def test_skill_entity_insert_allowed(connector, async_session, drafts_of_b):
    before = await counts(connector, AGENT_B)
    own = base()
    assert await refusal(async_session, INSERT_BASE, **own) is None
    # An insert that gives the row back is refused by the policy for reading, too; without, only by its own.
    for returning in ("", " RETURNING id"):
        for status in ("draft", "active"):
            foreign = base(agent=AGENT_B, status=status)
            assert await refusal(async_session, INSERT_BASE + returning, **foreign) == ("42501", "")
    for table, draft in drafts_of_b.items():
        if table != "base_entity":
            again = text(f"SELECT to_jsonb(t) FROM {table} t WHERE id = :id")
            async with connector.session(AGENT_B) as theirs:
                columns = (await theirs.scalar(again, {"id": draft.id})) | {"name": "Mine now"}
            for returning in ("", " RETURNING id"):
                given = f"jsonb_populate_record(NULL::{table}, CAST(:row AS jsonb))"
                copied = f"INSERT INTO {table} SELECT * FROM {given}{returning}"
                assert await refusal(async_session, copied, row=_json(columns)) == ("42501", "")
    with pytest.raises(NotAllowedError):
        await connector.run(_add(new_skill("Smuggled", agent=AGENT_B)), agent_id=AGENT_A)
    await async_session.rollback()
    assert await counts(connector, AGENT_B) == before


async def test_non_null_constraints_enforced(async_session):
    for column in ("entity_type", "version_hash", "created_at", "status", "tags", "hash_chain_sha256"):
        emptied = _json({"id": uuid4(), column: None})
        await async_session.execute(text(INSERT_BASE), base())
        assert await refusal(async_session, COPY_BASE, changes=emptied) == ("23502", column)
        await async_session.rollback()
    # Nobody's row is nobody's to insert: the policy is asked first.
    assert await refusal(async_session, INSERT_BASE, **base(agent=None)) == ("42501", "")
    own = base()
    await async_session.execute(text(INSERT_BASE), own)
    assert await refusal(async_session, INSERT_SKILL, id=own["id"], name=None) == ("23502", "name")


async def test_unique_constraint_on_external_id(async_session, every_kind):
    first = base(external_id="skill-7")
    await async_session.execute(text(INSERT_BASE), first)
    again = await refusal(async_session, INSERT_BASE, **base(external_id="skill-7"))
    assert again == ("23505", "uq_base_entity_external_id")
    for _ in range(2):
        assert await refusal(async_session, INSERT_BASE, **base()) is None
    await async_session.rollback()
    for make in every_kind:
        made = await make()
        with pytest.raises(ConstraintError) as taken:
            await make(name=made.name)
        assert (taken.value.sqlstate, taken.value.name) == ("23505", f"uq_{made.__tablename__}_name")


async def test_primary_key_enforcement(async_session, create_test_skill):
    skill = await create_test_skill()
    assert await refusal(async_session, INSERT_BASE, **base(id=skill.id)) == ("23505", "pk_base_entity")
    assert await refusal(async_session, INSERT_SKILL, id=skill.id, name="Twice") == (
        "23505",
        "pk_skill_entity",
    )
    another = """'{"previous_hash": ""}'"""
    entry = f"INSERT INTO audit_log SELECT (jsonb_populate_record(a, {another})).* FROM audit_log a"
    assert await refusal(async_session, entry) == ("23505", "pk_audit_log")
    assert await refusal(async_session, INSERT_BASE, **base(id=None)) == ("23502", "id")


async def test_foreign_key_constraint(
    async_session, create_test_agent, create_test_job_role, create_test_skill
):
    agent = await create_test_agent()
    for column in ("skill_id", "job_role_id", "team_id", "industry_id"):
        dangling = f"UPDATE agent_entity SET {column} = :nobody WHERE id = :id"
        refused = await refusal(async_session, dangling, nobody=uuid4(), id=agent.id)
        assert refused == ("23503", f"fk_agent_entity_{column}")
        # A reference to an entity of another kind is none.
        assert await refusal(async_session, dangling, nobody=agent.id, id=agent.id) == refused
    # To the database a stranger's draft is an entity as any other; the application refuses it.
    hidden = await create_test_skill(agent=AGENT_B, status="draft")
    assert (
        await refusal(async_session, dangling.replace("industry", "skill"), nobody=hidden.id, id=agent.id)
        is None
    )
    await async_session.rollback()
    for skill in (hidden.id, agent.id, uuid4()):
        with pytest.raises(InvalidError) as refused:
            await create_test_agent(skill_id=skill)
        assert refused.value.field == "skill_id"
    with pytest.raises(InvalidError) as refused:
        await create_test_job_role(required_skills=[agent.skill_id, hidden.id])
    assert refused.value.field == "required_skills"
    role = "UPDATE job_role_entity SET industry_id = :nobody"
    assert await refusal(async_session, role, nobody=uuid4()) == ("23503", "fk_job_role_entity_industry_id")
    parent = "UPDATE base_entity SET parent_id = :nobody WHERE id = :id"
    assert await refusal(async_session, parent, nobody=uuid4(), id=agent.id) == (
        "23503",
        "fk_base_entity_parent_id",
    )


async def test_check_constraint_status(connector, async_session, create_test_job_role, create_test_skill):
    for status in ("active", "draft", "deprecated", "archived"):
        assert await refusal(async_session, INSERT_BASE, **base(status=status)) is None
    for status in ("Active", "deleted", ""):
        assert await refusal(async_session, INSERT_BASE, **base(status=status)) == (
            "23514",
            "ck_base_entity_status",
        )
    await async_session.rollback()
    skill = await create_test_skill(status="draft")
    for status, allowed in (("deprecated", False), ("active", True), ("draft", False), ("archived", True)):
        if allowed:
            assert (await evolve(connector, skill, {"status": status})).status == status
        else:
            with pytest.raises(InvalidError, match=f"cannot become {status}"):
                await evolve(connector, skill, {"status": status})
    for unreadable in ({"status": "deleted"}, {"name": None}, {"name": "\x00"}, {}, {"created_at": "now"}):
        with pytest.raises(ValidationError):
            await evolve(connector, skill, unreadable)
    await create_test_job_role()
    for seniority in ("junior", "mid", "senior", "lead"):
        assert await refusal(async_session, f"UPDATE job_role_entity SET seniority = '{seniority}'") is None
    assert await refusal(async_session, "UPDATE job_role_entity SET seniority = 'boss'") == (
        "23514",
        "ck_job_role_entity_seniority",
    )


async def test_insert_skill_with_valid_data(connector, drafts_of_b, create_test_skill):
    mine = await create_test_skill()
    shared = await create_test_skill(agent=AGENT_B)
    async with connector.session(AGENT_A) as session:
        for table, draft in drafts_of_b.items():
            column = "status" if table == "base_entity" else "description"
            update = text(f"UPDATE {table} SET {column} = {column} WHERE id = ANY(:ids)")
            changed = await session.execute(update, {"ids": [draft.id, shared.id]})
            assert changed.rowcount == 0, table
            locked = text(f"SELECT id FROM {table} WHERE id = ANY(:ids) FOR UPDATE")
            assert list(await session.execute(locked, {"ids": [draft.id, shared.id]})) == []
            # Its own agent may.
            async with connector.session(AGENT_B) as theirs:
                assert (await theirs.execute(update, {"ids": [draft.id]})).rowcount == 1, table
        owned = await session.execute(text("UPDATE skill_entity SET description = 'own'"))
        assert owned.rowcount == 1
        given = "UPDATE base_entity SET governance_agent_id = :other WHERE id = :id"
        assert await refusal(session, given, other=AGENT_B, id=mine.id) == ("42501", "")
        with pytest.raises(NotAllowedError):
            await entities.evolve(session, Skill, shared.id, {"category": "mine"}, reason="theft")


async def test_constraint_violation_handling(connector, create_test_skill):
    await create_test_skill(name="Taken")
    before = await counts(connector)
    for work, sqlstate, name in (
        (_add(new_skill("Taken")), "23505", "uq_skill_entity_name"),
        (_add(new_skill("Odd", status="odd")), "23514", "ck_base_entity_status"),
        (_add(new_skill(None)), "23502", "name"),
        (_add(new_skill("Orphan", parent_id=uuid4())), "23503", "fk_base_entity_parent_id"),
    ):
        with pytest.raises(ConstraintError) as refused:
            await connector.run(work, agent_id=AGENT_A)
        assert (refused.value.sqlstate, refused.value.name) == (sqlstate, name)
    assert await counts(connector) == before
    # The connection that met the errors goes on working.
    assert (await create_test_skill(name="Free")).name == "Free"
    assert connector.metrics()["read_write"].in_use == 0


@asynccontextmanager
async def _role_with(server, right):
    """The URL of a role that has this right, for as long as it is needed."""
    cluster = server.cluster
    with cluster.connect(cluster.admin["dbname"]) as admin:
        admin.execute(f"CREATE ROLE plant_above LOGIN PASSWORD 'above' {right}")
        try:
            yield f"postgresql+asyncpg://plant_above:above@{cluster.host}:{cluster.port}/{server.name}"
        finally:
            admin.execute("DROP ROLE plant_above")


def _add(entity):
    async def work(session):
        session.add(entity)
        await session.flush()

    return work


def _json(values):
    return json.dumps(values, default=str)
