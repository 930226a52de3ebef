"""Vectors: 384 numbers and nothing else, as near and far as mathematics says, found through the index."""

import math

import pytest
from rows import CHILDREN
from sqlalchemy import event, text
from steps import AGENT_A, new_skill, refusal

from core import entities
from ml.embeddings import DIMENSIONS, embed
from models import Skill

SKILLS = {
    "Rigging": "Ropes, sails and masts",
    "Sailmaking": "Sewing and mending sails",
    "Bookkeeping": "Accounts, invoices and taxes",
    "Cooking": "Meals for the crew",
}


def axis(*numbers):
    """A vector that begins with these numbers; all others are 0."""
    return [float(number) for number in numbers] + [0.0] * (DIMENSIONS - len(numbers))


def literal(vector):
    return "'[" + ",".join(map(str, vector)) + "]'::vector"


@pytest.fixture
async def stored(async_session):
    """Adds a skill with this vector, in the session's transaction."""

    async def add(name, vector, **values):
        skill = new_skill(name, embedding=vector, **values)
        async_session.add(skill)
        await async_session.flush()
        return skill

    return add


async def test_pgvector_extension_available(async_session):
    available = text(
        "SELECT installed_version = default_version FROM pg_available_extensions WHERE name = 'vector'"
    )
    assert await async_session.scalar(available) is True
    methods = text("SELECT amname FROM pg_am WHERE amname = 'hnsw'")
    assert await async_session.scalar(methods) == "hnsw"


async def test_skill_embedding_column_exists(async_session):
    typed = text(
        "SELECT relname, format_type(atttypid, atttypmod)"
        " FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE attname = 'embedding' AND relkind = 'r'"
    )
    found = dict((await async_session.execute(typed)).all())
    assert found == dict.fromkeys(CHILDREN, f"vector({DIMENSIONS})")


async def test_vector_insert_and_retrieve(async_session, every_kind):
    for make in every_kind:
        made = await make(name=f"Something to find {make}")
        read = await async_session.get_one(type(made), made.id)
        assert len(read.embedding) == DIMENSIONS
        # Four bytes for each number.
        assert read.embedding == pytest.approx(embed(read.meaning()), abs=1e-7)
        again = await entities.nearest(async_session, type(made), read.meaning(), limit=1)
        assert (again[0].entity.id, again[0].distance) == (made.id, pytest.approx(0, abs=1e-6))


async def test_vector_distance_calculation(async_session, stored):
    await stored("Right", axis(3, 4))
    distances = text(
        f"SELECT embedding <-> {literal(axis())}, embedding <-> {literal(axis(0, 4))},"
        f" embedding <=> {literal(axis(6, 8))}, embedding <=> {literal(axis(-3, -4))},"
        f" embedding <=> {literal(axis(4, -3))}, embedding <#> {literal(axis(2, 0.5))}"
        " FROM skill_entity"
    )
    # Euclidean; cosine: same direction, opposite, at right angles; inner product, negated.
    assert tuple((await async_session.execute(distances)).one()) == pytest.approx((5, 3, 0, 2, 1, -8))
    angle = text(f"SELECT embedding <=> {literal(axis(1, 0))} FROM skill_entity")
    assert await async_session.scalar(angle) == pytest.approx(1 - 0.6)


async def test_vector_index_creation(async_session, every_kind):
    kinds = [type(await make()) for make in every_kind]
    sent = []

    def note(_connection, _cursor, statement, parameters, *_):
        if "<=>" in statement:
            sent.append((statement, parameters))

    connection = await async_session.connection()
    event.listen(connection.sync_connection, "before_cursor_execute", note)
    for kind in kinds:
        assert await entities.nearest(async_session, kind, "mending of sails", limit=2)
    event.remove(connection.sync_connection, "before_cursor_execute", note)
    for setting in ("enable_seqscan", "enable_sort"):
        await async_session.execute(text(f"SET LOCAL {setting} = off"))
    for table, (statement, parameters) in zip(CHILDREN, sent, strict=True):
        plan = await connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
        assert f"Index Scan using ix_{table}_embedding" in "\n".join(line for (line,) in plan)


async def test_vector_null_handling(async_session, stored, create_test_skill):
    # A text without one word has no direction.
    wordless = await create_test_skill(name="!!!", category="???")
    assert wordless.embedding is None
    await stored("Something", axis(1))
    unknown = text("SELECT embedding <=> embedding IS NULL FROM skill_entity WHERE name = '!!!'")
    assert await async_session.scalar(unknown) is True
    found = await entities.nearest(async_session, Skill, "anything", limit=5)
    assert [match.entity.name for match in found] == ["Something"]
    assert await entities.nearest(async_session, Skill, "?!", limit=5) == []


async def test_multiple_vectors_stored(connector, create_test_skill):
    for name, description in SKILLS.items():
        await create_test_skill(name=name, description=description)
    async with connector.session(AGENT_A) as session:
        for name, description in SKILLS.items():
            found = await entities.nearest(session, Skill, f"{name} {description} analysis", limit=4)
            assert found[0].entity.name == name
            distances = [match.distance for match in found]
            assert distances == sorted(distances)
            assert distances == pytest.approx(
                [_cosine(match.entity, found[0].entity) for match in found], abs=1e-6
            )
        near = await entities.nearest(session, Skill, "who mends a sail", limit=2)
        assert {match.entity.name for match in near} == {"Rigging", "Sailmaking"}


def _cosine(one, other):
    pairs = zip(one.embedding, other.embedding, strict=True)
    lengths = math.hypot(*one.embedding) * math.hypot(*other.embedding)
    return 1 - sum(left * right for left, right in pairs) / lengths


async def test_vector_type_compatibility(async_session, stored):
    skill = await stored("Typed", axis(0.1, -2.5, 1e-6))
    as_array = text("SELECT CAST(embedding AS real[]) FROM skill_entity WHERE id = :id")
    assert await async_session.scalar(as_array, {"id": skill.id}) == pytest.approx(axis(0.1, -2.5, 1e-6))
    from_array = "UPDATE skill_entity SET embedding = CAST(CAST(:numbers AS real[]) AS vector)"
    assert await refusal(async_session, from_array, numbers=axis(7)) is None
    assert await async_session.scalar(text("SELECT vector_dims(embedding) FROM skill_entity")) == DIMENSIONS
    for nonsense in ("'[]'", "'[NaN]'", "'rope'", "'[1e999]'"):
        update = f"UPDATE skill_entity SET embedding = {nonsense}"
        assert (await refusal(async_session, update))[0].startswith("22"), nonsense


async def test_embedding_dimension_compatibility(async_session, stored):
    await stored("Right", embed("ropes"))
    assert math.hypot(*embed("ropes")) == pytest.approx(1)
    assert embed("Ropes") == embed("ropes") != embed("rope")
    for wrong in (DIMENSIONS - 1, DIMENSIONS + 1, 3):
        vector = literal([0.5] * wrong)
        for table in CHILDREN:
            update = f"UPDATE {table} SET embedding = {vector}"
            insert = f"INSERT INTO {table} (id, name, embedding) VALUES (uuid_generate_v4(), 'x', {vector})"
            for statement in (update, insert) if table == "skill_entity" else (insert,):
                assert await refusal(async_session, statement) == ("22000", "")
        compared = f"SELECT embedding <=> {vector} FROM skill_entity"
        assert await refusal(async_session, compared) == ("22000", "")
