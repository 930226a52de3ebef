"""The five migrations: what each makes, and what rows they keep on the way up and down.

That each can be taken back and leaves the schema it found is seen by `seatrial check migrations`.
"""

from itertools import pairwise

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from rows import CHILDREN, PARENTS, REQUIRED, copy_of, past_row_security, refused, row
from seatrial.postgres.catalog import differences
from sqlalchemy import inspect
from steps import AGENT_A, ENTITY_TABLES, PLANT, alembic_at, objects, schema_of

from models import BaseEntity, Skill
from security.rls import SETTING

REVISIONS = ["001", "002", "003", "004", "005"]
VECTOR = "array_fill(0.5, ARRAY[384])::vector"
NO_ID = "'00000000-0000-0000-0000-000000000000'"


@pytest.fixture
def upgrade(empty_database):
    """Migrates one empty database to a revision; gives a handle on it, of its owner who works for agent A."""
    with empty_database() as empty:
        empty.execute(f"SET {SETTING} = '{AGENT_A}'")

        def to(revision="head"):
            command.upgrade(alembic_at(empty.url("async")), revision)
            return empty

        yield to


@pytest.fixture(scope="module")
def ladder(empty_database):
    """The schema before and after each revision."""
    with empty_database() as empty:
        schemas = [schema_of(empty)]
        for revision in REVISIONS:
            command.upgrade(alembic_at(empty.url("async")), revision)
            schemas.append(schema_of(empty))
    return dict(zip(REVISIONS, pairwise(schemas), strict=True))


def _made(ladder, revision, kind):
    before, after = (objects(schema, kind) for schema in ladder[revision])
    return {name: known for name, known in after.items() if before.get(name) != known}


def _tables(names):
    return {name.partition(".")[0] for name in names}


def test_migration_001_base_entity_table_exists(ladder, db):
    before, after = ladder["001"]
    assert objects(before, "relation") == {}
    assert _tables(_made(ladder, "001", "column")) == {"base_entity"}
    assert set(objects(after, "trigger")) == {
        "base_entity.base_entity_created_at_immutable",
        "base_entity.base_entity_hash_chain_append_only",
    }
    assert db.scalar("SELECT to_regclass('base_entity')") == "base_entity"


def test_migration_002_skill_entity_table_exists(ladder, db):
    assert _made(ladder, "002", "column") == {
        "skill_entity.id": "uuid not null",
        "skill_entity.name": "character varying(200) not null",
        "skill_entity.description": "text not null ''::text",
        "skill_entity.category": "character varying(100) not null",
    }
    assert db.scalar("SELECT to_regclass('skill_entity')") == "skill_entity"


def test_skill_entity_has_embedding_column(ladder, db):
    vectors = {f"{table}.embedding": "public.vector(384)" for table in CHILDREN}
    ids = {"base_entity.id": "uuid not null public.uuid_generate_v4()"}
    assert _made(ladder, "004", "column") == vectors | ids
    assert vectors.items() <= objects(schema_of(db), "column").items()
    # What the type promises: distances, and nothing but 384 numbers.
    with past_row_security(db):
        row(db, "skill_entity")
        db.execute(f"UPDATE skill_entity SET embedding = {VECTOR}")
        assert db.scalar("SELECT embedding <=> embedding FROM skill_entity") == 0
        with pytest.raises(psycopg.errors.DataException, match="expected 384 dimensions, not 3"):
            db.execute("UPDATE skill_entity SET embedding = '[1,2,3]'")


BTREE = {
    "base_entity": ["entity_type", "created_at", "status", "governance_agent_id", "parent_id"],
    "job_role_entity": ["industry_id"],
    "agent_entity": ["skill_id", "job_role_id", "team_id", "industry_id"],
    "audit_log": ["entity_id"],
}
SAMPLES = {"created_at": "now()", "status": "'draft'", "entity_type": "'skill'", "governance_agent_id": "'x'"}


def test_migration_creates_indexes(ladder, db):
    names = {
        f"ix_{table}_{column}": (table, column) for table, columns in BTREE.items() for column in columns
    }
    expected = {f"{table}.{name}": f"btree ({column})" for name, (table, column) in names.items()} | {
        f"{table}.ix_{table}_embedding": "hnsw (embedding public.vector_cosine_ops)" for table in CHILDREN
    }
    assert objects(schema_of(db), "index") == expected
    assert objects(ladder["005"][1], "index") == expected

    # And each one is of use: the planner takes it where reading the whole table is out of the question.
    with past_row_security(db):
        db.execute("SET LOCAL enable_seqscan = off")
        db.execute("SET LOCAL enable_sort = off")
        for name, (table, column) in names.items():
            sample = SAMPLES.get(column, NO_ID)
            assert _plan(db, f"SELECT 1 FROM {table} WHERE {column} = {sample}") == {name}
        for table in CHILDREN:
            nearest = f"SELECT 1 FROM {table} ORDER BY embedding <=> {VECTOR} LIMIT 1"
            assert _plan(db, nearest) == {f"ix_{table}_embedding"}


def _plan(db, query):
    """The indexes that the planner chose."""
    plan = db.scalar(f"EXPLAIN (FORMAT JSON) {query}")
    found, nodes = set(), [plan[0]["Plan"]]
    while nodes:
        node = nodes.pop()
        found |= {node["Index Name"]} if "Index Name" in node else set()
        nodes += node.get("Plans", [])
    return found


def test_base_entity_primary_key_exists(ladder, db):
    keys = {f"{table}.pk_{table}": "PRIMARY KEY (id)" for table in ENTITY_TABLES}
    keys |= {"audit_log.pk_audit_log": "PRIMARY KEY (sequence)"}
    assert _constraints(schema_of(db), "PRIMARY KEY") == keys
    assert _made(ladder, "001", "constraint")["base_entity.pk_base_entity"] == "PRIMARY KEY (id)"

    others = {table: {"name": "Another"} for table in CHILDREN} | {
        "base_entity": {},
        "audit_log": {"previous_hash": "another"},
    }
    for table, changes in others.items():
        with past_row_security(db):
            row(db, table)
            assert refused(db, *copy_of(table, **changes)) == ("23505", f"pk_{table}")


def _constraints(schema, kind):
    return {
        name: known for name, known in objects(schema, "constraint").items() if known.startswith(f"{kind} ")
    }


def test_skill_entity_inherits_from_base_entity(ladder, db):
    assert inspect(Skill).inherits is inspect(BaseEntity)
    own = _made(ladder, "002", "constraint")["skill_entity.fk_skill_entity_id"]
    assert own == "FOREIGN KEY (id) REFERENCES public.base_entity(id)"
    with past_row_security(db):
        orphan = "INSERT INTO skill_entity (id, name, category) VALUES (uuid_generate_v4(), 'Orphan', 'test')"
        assert refused(db, orphan) == ("23503", "fk_skill_entity_id")
        skill = row(db, "skill_entity")
        assert refused(db, "DELETE FROM base_entity WHERE id = %s", skill) == ("23503", "fk_skill_entity_id")
        assert db.scalar("SELECT count(*) FROM base_entity JOIN skill_entity USING (id)") == 1


def test_migration_creates_foreign_keys(ladder, db):
    expected = {
        f"{table}.fk_{table}_{column}": f"FOREIGN KEY ({column}) REFERENCES public.{parent}(id)"
        for table, columns in PARENTS.items()
        for column, parent in columns.items()
    }
    assert _constraints(schema_of(db), "FOREIGN KEY") == expected
    assert _constraints(ladder["005"][1], "FOREIGN KEY") == expected

    for table, columns in PARENTS.items():
        with past_row_security(db):
            row(db, table)
            for column in columns:
                to_nobody = f"UPDATE {table} SET {column} = uuid_generate_v4()"
                assert refused(db, to_nobody) == ("23503", f"fk_{table}_{column}")


def test_migration_adds_columns_idempotently(upgrade):
    database = upgrade()
    row(database, "agent_entity")
    schema, rows = schema_of(database), _stored(database)
    upgrade()
    assert differences(schema, schema_of(database)) == []
    assert _stored(database) == rows
    # Not one row was written again.
    writers = database.scalar("SELECT count(DISTINCT xmin::text) FROM base_entity")
    assert writers == len(rows["base_entity"])


def test_all_entity_tables_created(ladder, declared, db):
    tables = {*ENTITY_TABLES, "audit_log"}
    scripts = ScriptDirectory.from_config(Config(PLANT / "alembic.ini"))
    assert scripts.get_heads() == ["005"]
    assert [script.revision for script in scripts.walk_revisions()] == REVISIONS[::-1]
    assert db.rows("SELECT version_num FROM alembic_version") == [{"version_num": "005"}]

    head = ladder["005"][1]
    assert set(objects(head, "relation")) == tables
    assert {table for revision in REVISIONS for table in _tables(_made(ladder, revision, "column"))} == tables
    # From empty to the head, what the models declare, and what the tests run on are one and the same.
    assert differences(declared, head) == []
    assert differences(head, schema_of(db)) == []


def test_migrations_maintain_data_integrity(upgrade):
    stored = {}
    for revision in REVISIONS:
        database = upgrade(revision)
        _assert_kept(stored, _stored(database))
        for table in _stored(database):
            row(database, table, awkward=True)
        stored = _stored(database)
    assert all(stored[table] for table in ENTITY_TABLES)
    for revision in REVISIONS[-2::-1]:
        command.downgrade(alembic_at(database.url("async")), revision)
        left = _stored(database)
        _assert_kept({table: rows for table, rows in stored.items() if table in left}, left)
    assert set(left) == {"base_entity"}
    command.downgrade(alembic_at(database.url("async")), "base")
    assert _stored(database) == {}


def _stored(handle):
    """The rows of each table of entities that there is, by id."""
    there = [table for table in ENTITY_TABLES if handle.scalar(f"SELECT to_regclass('{table}')")]
    stored = {table: handle.rows(f"SELECT id, to_jsonb(t) AS columns FROM {table} t") for table in there}
    return {table: {found["id"]: found["columns"] for found in rows} for table, rows in stored.items()}


def _assert_kept(before, after):
    for table, rows in before.items():
        for key, old in rows.items():
            new = after[table][key]
            shared = old.keys() & new.keys()
            assert {name: new[name] for name in shared} == {name: old[name] for name in shared}
            assert len(shared) > 1


def test_migration_null_constraints(ladder, db):
    columns = objects(ladder["005"][1], "column")
    assert {name for name, known in columns.items() if " not null" in known} == {
        f"{table}.{column}" for table, names in REQUIRED.items() for column in names
    }
    for table, names in REQUIRED.items():
        with past_row_security(db):
            row(db, table)
            for column in names:
                assert refused(db, *copy_of(table, **{column: None})) == ("23502", column)
