"""The connector, the extensions, and that the database is what the models declare."""

import asyncio
import socket
from uuid import UUID

import pytest
from rows import CHILDREN, past_row_security, row
from seatrial.postgres.catalog import differences
from sqlalchemy import func, select, text
from steps import AGENT, AGENT_A, AGENT_B, PID, counts, new_skill, objects, schema_of

from core.connector import DatabaseConnector
from core.errors import DatabaseUnavailableError
from core.settings import Settings
from models import Skill
from security.rls import require_restricted_role

DEFAULTS = {
    "status": "active",
    "deleted_at": None,
    "amendment_history": [],
    "evolution_markers": {},
    "custom_attributes": {},
    "hash_chain_sha256": [],
    "append_only": True,
    "tamper_proof": True,
    "tags": [],
    "seniority": "mid",
    "required_skills": [],
}
"""What a row has of which nothing was said."""


async def test_async_engine_created(async_engine, async_session, postgres_container):
    assert async_engine.dialect.driver == "asyncpg"
    facts = await require_restricted_role(async_session)
    assert (facts.name, facts.superuser, facts.bypasses, facts.owns) == ("plant_app", False, False, False)
    assert await async_session.scalar(text("SELECT current_database()")) == postgres_container.name


async def test_pgvector_extension_loaded(async_session):
    version = await _version(async_session, "vector")
    # The search goes on behind rows that policies hide only since 0.8.
    assert version >= (0, 8)
    assert await async_session.scalar(text("SELECT '[3,4]'::vector <-> '[0,0]'")) == 5


async def test_uuid_ossp_extension_loaded(async_session):
    assert await _version(async_session, "uuid-ossp") >= (1, 1)
    insert = text(
        "INSERT INTO base_entity (entity_type, version_hash, governance_agent_id)"
        " VALUES ('skill', '', :agent) RETURNING id"
    )
    ids = [await async_session.scalar(insert, {"agent": AGENT_A}) for _ in range(2)]
    assert [UUID(str(made)).version for made in ids] == [4, 4]
    assert ids[0] != ids[1]


async def _version(session, extension):
    found = await session.scalar(
        text("SELECT extversion FROM pg_extension WHERE extname = :name"), {"name": extension}
    )
    assert found is not None, f"{extension} is not there"
    return tuple(int(part) for part in found.split("."))


def test_base_entity_table_created(db):
    assert objects(schema_of(db), "column", "base_entity") == {
        "base_entity.id": "uuid not null public.uuid_generate_v4()",
        "base_entity.entity_type": "character varying(50) not null",
        "base_entity.external_id": "character varying(255)",
        "base_entity.created_at": "timestamp with time zone not null now()",
        "base_entity.updated_at": "timestamp with time zone not null now()",
        "base_entity.deleted_at": "timestamp with time zone",
        "base_entity.status": "character varying(20) not null 'active'::character varying",
        "base_entity.version_hash": "character varying(64) not null",
        "base_entity.amendment_history": "jsonb not null '[]'::jsonb",
        "base_entity.evolution_markers": "jsonb not null '{}'::jsonb",
        "base_entity.custom_attributes": "jsonb not null '{}'::jsonb",
        "base_entity.hash_chain_sha256": "character varying(64)[] not null '{}'::character varying[]",
        "base_entity.append_only": "boolean not null true",
        "base_entity.tamper_proof": "boolean not null true",
        "base_entity.tags": "text[] not null '{}'::text[]",
        "base_entity.parent_id": "uuid",
        "base_entity.governance_agent_id": "character varying(100) not null",
    }
    with past_row_security(db):
        role = row(db, "job_role_entity")
        found = db.rows("SELECT * FROM job_role_entity JOIN base_entity USING (id) WHERE id = %s", role)[0]
        assert {name: found[name] for name in DEFAULTS} == DEFAULTS
        assert found["created_at"] == found["updated_at"] == db.scalar("SELECT now()")
        for table in CHILDREN:
            row(db, table)
            assert db.rows(f"SELECT DISTINCT description FROM {table}") == [{"description": ""}]


async def test_async_session_lifecycle(another_connector):
    async with another_connector(database_pool_size=1, database_max_overflow=0) as narrow:
        pool = narrow.read_write.pool
        async with narrow.session(AGENT_A) as session:
            assert (session.in_transaction(), pool.checkedout()) == (False, 0)
            assert await session.scalar(AGENT) == AGENT_A
            pid = await session.scalar(PID)
            assert (session.in_transaction(), pool.checkedout()) == (True, 1)
            await session.commit()
            assert (session.in_transaction(), pool.checkedout()) == (False, 0)

            # The setting went with the transaction: who uses the connection next is nobody until it says so.
            async with narrow.session(None) as nobody:
                assert await nobody.scalar(PID) == pid
                assert await nobody.scalar(AGENT) is None
            async with narrow.session(AGENT_B) as other:
                assert await other.scalar(AGENT) == AGENT_B
            assert await session.scalar(AGENT) == AGENT_A
        assert pool.checkedout() == 0


async def test_database_connection_timeout(another_connector, db):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        url = f"postgresql+asyncpg://plant_app:secret@127.0.0.1:{port}/plant"
        async with another_connector(database_url=url, database_connect_timeout_seconds=0.05) as lost:
            with pytest.raises(DatabaseUnavailableError, match="TimeoutError") as refused:
                await lost.check()
            metrics = lost.metrics()["read_only"]
    assert "secret" not in str(refused.value)
    assert (metrics.in_use, metrics.opened) == (0, 0)
    assert db.scalar("SELECT 1") == 1


def test_schema_validation(db, declared):
    found = schema_of(db)
    assert differences(declared, found) == []
    assert len(objects(found, "policy")) == 18


async def test_database_insert_and_retrieve(connector, create_test_skill):
    made = await create_test_skill(
        name="Rigging ⚓",
        description="Ropes and sails",
        category="deck",
        external_id="skill-7",
        tags=["rope", "sail", "rope"],
        custom_attributes={"level": "2"},
    )
    async with connector.session(AGENT_A) as session:
        read = await session.get_one(Skill, made.id)
    assert read is not made
    assert (read.name, read.description, read.category) == ("Rigging ⚓", "Ropes and sails", "deck")
    assert (read.external_id, read.tags, read.custom_attributes) == (
        "skill-7",
        ["rope", "sail"],
        {"level": "2"},
    )
    assert (read.entity_type, read.status, read.governance_agent_id) == ("skill", "active", AGENT_A)
    assert read.embedding == pytest.approx(made.embedding, abs=1e-6)
    assert (read.version, read.broken_version()) == (1, None)


async def test_connection_pool_properties(connector):
    declared = Settings(database_url="postgresql+asyncpg://plant_app@127.0.0.1/plant")
    pooled = DatabaseConnector(declared)
    for metrics in (*pooled.metrics().values(), *connector.metrics().values()):
        assert (metrics.size, metrics.max_overflow) == (20, 40)
    for engine in (pooled.read_write, pooled.read_only, connector.read_write, connector.read_only):
        # SQLAlchemy tells them nowhere else.
        assert (engine.pool._timeout, engine.pool._pre_ping) == (30, True)  # noqa: SLF001
    assert declared.database_connect_timeout_seconds == 10

    assert pooled.read_only.url == pooled.read_write.url
    replica = Settings(
        database_url=declared.database_url, database_read_url="postgresql+asyncpg://reader@replica/plant"
    )
    apart = DatabaseConnector(replica)
    assert (apart.read_only.url.host, apart.read_write.url.host) == ("replica", "127.0.0.1")


async def test_multiple_concurrent_connections(connector):
    everyone_there = asyncio.Barrier(5)

    async def connect():
        async with connector.session(AGENT_A) as session:
            pid = await session.scalar(PID)
            async with everyone_there:
                return pid, connector.read_write.pool.checkedout()

    connected = await asyncio.gather(*(connect() for _ in range(5)))
    assert len({pid for pid, _ in connected}) == 5
    assert {open_at_once for _, open_at_once in connected} == {5}


async def test_transaction_rollback(connector, async_session):
    async_session.add(new_skill("Undone"))
    await async_session.flush()
    assert await async_session.scalar(select(func.count()).select_from(Skill)) == 1
    assert await counts(connector) == (0, 0, 0)
    await async_session.rollback()
    assert await async_session.scalar(select(func.count()).select_from(Skill)) == 0
    assert await counts(connector) == (0, 0, 0)


async def test_async_context_manager(connector, another_connector):
    async with another_connector() as short:
        async with short.transaction(AGENT_A) as session:
            session.add(new_skill("Kept"))
        with pytest.raises(LookupError):
            await _fail_after_writing(short)
        assert (short.metrics()["read_write"].in_use, short.metrics()["read_write"].idle) == (0, 1)
    assert short.metrics()["read_write"].idle == 0
    async with connector.session(AGENT_A) as session:
        assert list(await session.scalars(select(Skill.name))) == ["Kept"]
    assert await counts(connector) == (1, 1, 1)


async def _fail_after_writing(connector):
    async with connector.transaction(AGENT_A) as session:
        session.add(new_skill("Lost"))
        await session.flush()
        raise LookupError
