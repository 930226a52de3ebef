"""One entry for each change, in one chain that only grows; whoever alters it is found out."""

import asyncio
import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from rows import past_row_security, refused
from seatrial.postgres.catalog import Entry
from sqlalchemy import select, text
from steps import AGENT_A, AGENT_B, counts, evolve, new_skill, objects, refusal, schema_of

from core import entities
from core.errors import NotFoundError
from models import AuditEntry, Skill
from models.audit_log import GENESIS
from security import audit

CHAIN = ("23001", "base_entity_hash_chain_append_only")


def digest(content):
    """The documented hash, written once more: SHA-256 of JSON with sorted keys and without blanks."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


async def entries(session):
    return list(await session.scalars(select(AuditEntry).order_by(AuditEntry.sequence)))


def test_audit_table_exists(db):
    schema = schema_of(db)
    assert objects(schema, "column", "audit_log") == {
        "audit_log.sequence": "bigint not null",
        "audit_log.entity_id": "uuid not null",
        "audit_log.action": "character varying(20) not null",
        "audit_log.actor": "character varying(100) not null",
        "audit_log.at": "timestamp with time zone not null",
        "audit_log.payload": "jsonb not null",
        "audit_log.previous_hash": "character varying(64) not null",
        "audit_log.hash": "character varying(64) not null",
    }
    rights = schema.entries[Entry("relation", ("public", "audit_log"))]["grants"]
    assert rights == {"plant_app": "INSERT, SELECT"}


async def test_skill_insert_creates_audit_record(connector, async_session, create_test_skill):
    skill = await create_test_skill(name="Rigging", description="a secret", status="draft")
    (entry,) = await entries(async_session)
    assert (entry.sequence, entry.entity_id, entry.action, entry.actor) == (1, skill.id, "created", AGENT_A)
    assert (entry.previous_hash, entry.hash) == (GENESIS, entry.computed_hash())
    assert datetime.now(UTC) - entry.at < timedelta(minutes=1)
    made = {"entity_type": "skill", "version": 1, "version_hash": skill.version_hash, "changed": []}
    assert entry.payload == made

    await evolve(connector, skill, {"description": "another secret", "name": "Rigging"})
    await evolve(connector, skill, {"description": "another secret"})
    first, second = await entries(async_session)
    assert first.payload == made
    assert (second.action, second.payload["changed"], second.payload["version"]) == (
        "evolved",
        ["description"],
        2,
    )
    # Other agents read the log: what a draft says is not in it, and entries of drafts are not shown at all.
    assert "secret" not in json.dumps([first.payload, second.payload])
    async with connector.session(AGENT_B) as other:
        assert await audit.trail(other) == []
    assert [entry.sequence for entry in await audit.trail(async_session, entity_id=skill.id)] == [1, 2]

    async with connector.session(AGENT_A) as undone:
        undone.add(new_skill("Undone"))
        await undone.flush()
        assert len(await entries(undone)) == 3
        await undone.rollback()
        assert len(await entries(undone)) == 2


async def test_timestamp_immutability(connector, async_session, create_test_skill, db):
    skill = await create_test_skill()
    for moment in ("now()", "created_at - interval '1 microsecond'", "'-infinity'"):
        moved = f"UPDATE base_entity SET created_at = {moment}"
        assert await refusal(async_session, moved) == ("23001", "base_entity_created_at_immutable")
    await async_session.rollback()
    with past_row_security(db):
        by_owner = refused(db, "UPDATE base_entity SET created_at = 'infinity'")
        assert by_owner == ("23001", "base_entity_created_at_immutable")
    assert await refusal(async_session, "UPDATE base_entity SET created_at = created_at") is None
    await async_session.rollback()
    evolved = await evolve(connector, skill, {"category": "deck"})
    assert evolved.created_at == skill.created_at
    assert evolved.updated_at > skill.updated_at


async def test_entity_version_tracking(connector, async_session, create_test_skill):
    skill = await create_test_skill(name="Rigging", tags=["old"])
    changes = [{"category": "deck"}, {"tags": ["new"], "name": "Ropework"}, {"status": "deprecated"}]
    for number, change in enumerate(changes, start=2):
        evolved = await evolve(connector, skill, change, reason=f"reason {number}")
        assert (evolved.version, evolved.evolution_markers) == (number, {"version": number})
    read = await async_session.get_one(Skill, skill.id)
    history = read.amendment_history
    assert [amendment["version"] for amendment in history] == [1, 2, 3, 4]
    assert [amendment["changed"] for amendment in history[1:]] == [["category"], ["name", "tags"], ["status"]]
    assert [amendment["reason"] for amendment in history] == ["created", "reason 2", "reason 3", "reason 4"]
    assert {amendment["actor"] for amendment in history} == {AGENT_A}
    assert len({amendment["version_hash"] for amendment in history}) == 4
    assert read.version_hash == history[-1]["version_hash"]
    assert (read.name, read.category, read.tags, read.status) == ("Ropework", "deck", ["new"], "deprecated")
    assert (read.broken_version(), len(await entries(async_session))) == (None, 4)


async def test_hash_chain_computation(connector, async_session, create_test_skill):
    skill = await create_test_skill(name="Rigging", category="deck", tags=["é"])
    await evolve(connector, skill, {"description": "Ropes"})
    read = await async_session.get_one(Skill, skill.id)
    content = {
        "entity_type": "skill",
        "external_id": None,
        "status": "active",
        "tags": ["é"],
        "custom_attributes": {},
        "name": "Rigging",
        "description": "Ropes",
        "category": "deck",
    }
    assert read.version_hash == digest(content)
    previous, links = "", []
    for amendment in read.amendment_history:
        previous = digest({"previous": previous, "content": amendment})
        links.append(previous)
    assert read.hash_chain_sha256 == links
    assert read.broken_version() is None
    for attribute, forged, broken in (
        ("name", "Another", 2),
        ("version_hash", digest(content | {"name": "Another"}), 2),
        ("hash_chain_sha256", [links[1], links[0]], 1),
        ("hash_chain_sha256", [links[0]], 2),
        ("hash_chain_sha256", [*links, links[0]], 2),
        ("amendment_history", [read.amendment_history[0] | {"actor": AGENT_B}, read.amendment_history[1]], 1),
        ("amendment_history", read.amendment_history[:1], 1),
    ):
        kept = getattr(read, attribute)
        setattr(read, attribute, forged)
        assert read.broken_version() == broken, attribute
        setattr(read, attribute, kept)

    previous = GENESIS
    for entry in await entries(async_session):
        logged = {
            "sequence": entry.sequence,
            "entity_id": str(entry.entity_id),
            "action": entry.action,
            "actor": entry.actor,
            "at": entry.at.isoformat(),
            "payload": entry.payload,
        }
        assert entry.previous_hash == previous
        assert entry.hash == digest({"previous": previous, "content": logged})
        previous = entry.hash
    assert (await audit.verify(async_session)).last_hash == previous


async def test_append_only_pattern_enforcement(async_session, create_test_skill):
    skill = await create_test_skill()
    await async_session.execute(
        text("UPDATE base_entity SET hash_chain_sha256 = hash_chain_sha256 || 'b'::varchar")
    )
    old = f"ARRAY['{skill.hash_chain_sha256[0]}', 'b']"
    for chain in (
        f"ARRAY['x'] || {old}",
        f"array_replace({old}, 'b', 'c')",
        f"({old})[1:1]",
        f"({old})[2:2] || ({old})[1:1]",
        "'[0:2]={x," + ",".join([skill.hash_chain_sha256[0], "b"]) + "}'",
        "'[2:4]={" + ",".join([skill.hash_chain_sha256[0], "b", "c"]) + "}'",
    ):
        rewritten = f"UPDATE base_entity SET hash_chain_sha256 = {chain}"
        assert await refusal(async_session, rewritten) == CHAIN, chain
    grown = f"UPDATE base_entity SET hash_chain_sha256 = {old}::varchar[] || ARRAY['c', 'd']::varchar[]"
    assert await refusal(async_session, grown) is None
    # The first append to an empty chain.
    insert = text(
        "INSERT INTO base_entity (entity_type, version_hash, governance_agent_id)"
        f" VALUES ('skill', '', '{AGENT_A}') RETURNING id"
    )
    empty = await async_session.scalar(insert)
    first = "UPDATE base_entity SET hash_chain_sha256 = '{a}' WHERE id = :id"
    assert await refusal(async_session, first, id=empty) is None

    for change in ("UPDATE audit_log SET actor = 'x'", "DELETE FROM audit_log", "TRUNCATE audit_log"):
        assert await refusal(async_session, change) == ("42501", "")
    fork = (
        "INSERT INTO audit_log SELECT (jsonb_populate_record(a, CAST(:changes AS jsonb))).* FROM audit_log a"
    )
    assert await refusal(async_session, fork, changes='{"sequence": 2}') == (
        "23505",
        "uq_audit_log_previous_hash",
    )
    unknown = '{"sequence": 2, "previous_hash": "x", "action": "forgotten"}'
    assert await refusal(async_session, fork, changes=unknown) == ("23514", "ck_audit_log_action")


async def test_created_at_indexed_for_audit(async_session, create_test_skill):
    for _ in range(3):
        await create_test_skill()
    await async_session.execute(text("SET LOCAL enable_seqscan = off"))
    await async_session.execute(text("SET LOCAL enable_bitmapscan = off"))
    for query, index in (
        ("FROM base_entity WHERE created_at > now() - interval '1 day'", "ix_base_entity_created_at"),
        ("FROM base_entity ORDER BY created_at DESC LIMIT 2", "ix_base_entity_created_at"),
        ("FROM audit_log WHERE entity_id = '00000000-0000-0000-0000-000000000000'", "ix_audit_log_entity_id"),
    ):
        plan = "\n".join(await async_session.scalars(text(f"EXPLAIN SELECT 1 {query}")))
        assert index in plan


async def test_audit_log_retention(connector, async_session, create_test_skill, db):
    skill, other = await create_test_skill(), await create_test_skill()
    archived = await evolve(connector, skill, {"status": "archived"})
    assert archived.deleted_at == archived.updated_at
    # The entity is gone for everybody, its row and its entries are not.
    with pytest.raises(NotFoundError):
        await entities.find(async_session, Skill, skill.id)
    assert [found.id for found in await entities.listed(async_session, Skill, limit=9)] == [other.id]
    assert await counts(connector) == (2, 2, 3)
    kept = [entry.action for entry in await audit.trail(async_session, entity_id=skill.id)]
    assert kept == ["created", "evolved"]
    await async_session.rollback()
    with past_row_security(db):
        db.execute("DELETE FROM skill_entity")
        deleted = refused(db, "DELETE FROM base_entity WHERE id = %s", skill.id)
        assert deleted == ("23503", "fk_audit_log_entity_id")
    assert (await audit.verify(async_session)).intact


CONTENT = "its content does not match its hash"
BEFORE = "the entry before it is missing or another one"


async def test_tamper_detection_via_hash_verification(connector, create_test_skill, db):
    made = [await create_test_skill() for _ in range(5)]
    owner_does = {
        "UPDATE audit_log SET actor = 'agent-x' WHERE sequence = 3": [(3, CONTENT)],
        "UPDATE audit_log SET at = at + interval '1 microsecond' WHERE sequence = 1": [(1, CONTENT)],
        "UPDATE audit_log SET payload = jsonb_set(payload, '{version}', '9') WHERE sequence = 5": [
            (5, CONTENT)
        ],
        "UPDATE audit_log SET action = 'evolved' WHERE sequence IN (2, 4)": [(2, CONTENT), (4, CONTENT)],
        "DELETE FROM audit_log WHERE sequence = 3": [(4, BEFORE)],
        "DELETE FROM audit_log WHERE sequence = 1": [(2, BEFORE)],
        "UPDATE audit_log SET hash = 'f' WHERE sequence = 2": [(2, CONTENT), (3, BEFORE)],
    }
    async with connector.session(AGENT_A) as session:
        clean = await audit.verify(session)
        assert (clean.intact, clean.entries, clean.last_sequence) == (True, 5, 5)
        await session.rollback()
        for statement, found in owner_does.items():
            db.execute("CREATE TABLE kept AS SELECT * FROM audit_log")
            assert db.execute(statement) > 0
            verdict = await audit.verify(session)
            assert [(broken.sequence, broken.problem) for broken in verdict.breaks] == found, statement
            named = [broken.entity_id for broken in verdict.breaks]
            assert named == [made[sequence - 1].id for sequence, _ in found]
            assert not verdict.intact
            await session.rollback()
            db.execute("TRUNCATE audit_log")
            db.execute("INSERT INTO audit_log SELECT * FROM kept")
            db.execute("DROP TABLE kept")
        db.execute("DELETE FROM audit_log WHERE sequence = 5")
        # A cut-off end leaves a chain that holds; who noted the last hash sees it.
        assert (await audit.verify(session)).last_hash != clean.last_hash


async def test_sequential_audit_entries(connector, async_session):
    at_once = asyncio.Barrier(20)

    async def append(number):
        async with connector.transaction(AGENT_A) as session:
            await at_once.wait()
            session.add(new_skill(f"Skill {number}"))

    await asyncio.gather(*(append(number) for number in range(20)))
    written = await entries(async_session)
    assert [entry.sequence for entry in written] == list(range(1, 21))
    assert [entry.previous_hash for entry in written] == [GENESIS, *(entry.hash for entry in written[:-1])]
    assert len({entry.entity_id for entry in written}) == 20
    verdict = await audit.verify(async_session)
    assert (verdict.intact, verdict.entries) == (True, 20)
