"""The five migrations: what each makes, that each can be taken back, and what data and rows they keep."""

import psycopg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from catalogue import of_kind, snapshot
from rows import CHILDREN, PARENTS, REQUIRED, copy_of, past_row_security, refused, row
from scratch import PLANT, scratch_database
from sqlalchemy import inspect
from steps import ENTITY_TABLES

from models import BaseEntity, Skill

REVISIONS = ["001", "002", "003", "004", "005"]
BASE = "base"
VECTOR = "array_fill(0.5, ARRAY[384])::vector"
NO_ID = "'00000000-0000-0000-0000-000000000000'"


@pytest.fixture(scope="module")
def ladder(postgres_container):
    """The catalogue before and after each revision, while an empty database goes up, down and up by each."""
    before, after, again = {}, {}, {}
    with scratch_database(postgres_container.cluster) as scratch:
        for revision, previous in zip(REVISIONS, [BASE, *REVISIONS], strict=False):
            before[revision] = snapshot(scratch.url)
            scratch.upgrade(revision)
            after[revision] = snapshot(scratch.url)
            scratch.downgrade(previous)
            assert snapshot(scratch.url) == before[revision], f"{revision} is not taken back"
            scratch.upgrade(revision)
            again[revision] = snapshot(scratch.url)
        scratch.downgrade(BASE)
        assert snapshot(scratch.url) == before["001"]
    assert again == after
    return {revision: (before[revision], after[revision]) for revision in REVISIONS}


def _made(ladder, revision, kind):
    before, after = ladder[revision]
    return of_kind(after - before, kind)


def _tables(lines):
    return {line.partition(".")[0] for line in lines}


def test_migration_001_base_entity_table_exists(ladder, db):
    before, after = ladder["001"]
    assert {line.partition(" ")[2].partition(" ")[0] for line in before} == {"vector"}
    assert _tables(_made(ladder, "001", "column")) == {"base_entity"}
    assert len(of_kind(after, "trigger")) == 2
    assert db.scalar("SELECT to_regclass('base_entity')") == "base_entity"


def test_migration_002_skill_entity_table_exists(ladder, db):
    assert _made(ladder, "002", "column") == {
        "skill_entity.id uuid NOT NULL",
        "skill_entity.name character varying(200) NOT NULL",
        "skill_entity.description text NOT NULL DEFAULT ''::text",
        "skill_entity.category character varying(100) NOT NULL",
    }
    assert db.scalar("SELECT to_regclass('skill_entity')") == "skill_entity"


def test_skill_entity_has_embedding_column(ladder, db):
    vectors = {f"{table}.embedding vector(384)" for table in CHILDREN}
    ids = "base_entity.id uuid NOT NULL DEFAULT uuid_generate_v4()"
    assert _made(ladder, "004", "column") == vectors | {ids}
    assert len(_made(ladder, "004", "extension")) == 1
    assert vectors <= of_kind(snapshot(db.url()), "column")
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
    expected = {
        f"CREATE INDEX {name} ON public.{table} USING btree ({column})"
        for name, (table, column) in names.items()
    } | {
        f"CREATE INDEX ix_{table}_embedding ON public.{table} USING hnsw (embedding vector_cosine_ops)"
        for table in CHILDREN
    }
    plain = {line for line in of_kind(snapshot(db.url()), "index") if " UNIQUE " not in line}
    assert plain == expected
    assert plain == {line for line in of_kind(ladder["005"][1], "index") if " UNIQUE " not in line}

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
    keys = {f"{table} pk_{table} PRIMARY KEY (id)" for table in ENTITY_TABLES}
    keys |= {"audit_log pk_audit_log PRIMARY KEY (sequence)"}
    assert {line for line in of_kind(snapshot(db.url()), "constraint") if " PRIMARY KEY " in line} == keys
    assert "base_entity pk_base_entity PRIMARY KEY (id)" in _made(ladder, "001", "constraint")

    others = {table: {"name": "Another"} for table in CHILDREN} | {
        "base_entity": {},
        "audit_log": {"previous_hash": "another"},
    }
    for table, changes in others.items():
        with past_row_security(db):
            row(db, table)
            assert refused(db, *copy_of(table, **changes)) == ("23505", f"pk_{table}")


def test_skill_entity_inherits_from_base_entity(ladder, db):
    assert inspect(Skill).inherits is inspect(BaseEntity)
    own = "skill_entity fk_skill_entity_id FOREIGN KEY (id) REFERENCES base_entity(id)"
    assert own in _made(ladder, "002", "constraint")
    with past_row_security(db):
        orphan = "INSERT INTO skill_entity (id, name, category) VALUES (uuid_generate_v4(), 'Orphan', 'test')"
        assert refused(db, orphan) == ("23503", "fk_skill_entity_id")
        skill = row(db, "skill_entity")
        assert refused(db, "DELETE FROM base_entity WHERE id = %s", skill) == ("23503", "fk_skill_entity_id")
        assert db.scalar("SELECT count(*) FROM base_entity JOIN skill_entity USING (id)") == 1


def test_migration_creates_foreign_keys(ladder, db):
    expected = {
        f"{table} fk_{table}_{column} FOREIGN KEY ({column}) REFERENCES {parent}(id)"
        for table, columns in PARENTS.items()
        for column, parent in columns.items()
    }
    keys = {line for line in of_kind(snapshot(db.url()), "constraint") if " FOREIGN KEY " in line}
    assert keys == expected
    assert keys == {line for line in of_kind(ladder["005"][1], "constraint") if " FOREIGN KEY " in line}

    for table, columns in PARENTS.items():
        with past_row_security(db):
            row(db, table)
            for column in columns:
                to_nobody = f"UPDATE {table} SET {column} = uuid_generate_v4()"
                assert refused(db, to_nobody) == ("23503", f"fk_{table}_{column}")


def test_migration_adds_columns_idempotently(postgres_container):
    with scratch_database(postgres_container.cluster) as scratch:
        scratch.upgrade()
        with scratch.handle() as handle:
            row(handle, "agent_entity")
            catalogue, rows = snapshot(scratch.url), _stored(handle)
            scratch.upgrade()
            assert snapshot(scratch.url) == catalogue
            assert _stored(handle) == rows
            # Not one row was written again.
            writers = handle.scalar("SELECT count(DISTINCT xmin::text) FROM base_entity")
            assert writers == len(rows["base_entity"])


def test_all_entity_tables_created(ladder, declared, db):
    tables = {*ENTITY_TABLES, "audit_log"}
    scripts = ScriptDirectory.from_config(Config(PLANT / "alembic.ini"))
    assert scripts.get_heads() == ["005"]
    assert [script.revision for script in scripts.walk_revisions()] == REVISIONS[::-1]
    assert db.rows("SELECT version_num FROM alembic_version") == [{"version_num": "005"}]

    head = ladder["005"][1]
    assert _tables(of_kind(head, "column")) == tables
    assert {table for revision in REVISIONS for table in _tables(_made(ladder, revision, "column"))} == tables
    # From empty to the head, what the models declare, and what the tests run on are one and the same.
    assert head == declared
    assert snapshot(db.url()) == head


def test_migrations_maintain_data_integrity(postgres_container):
    with scratch_database(postgres_container.cluster) as scratch:
        stored = {}
        for revision in REVISIONS:
            scratch.upgrade(revision)
            with scratch.handle() as handle:
                _assert_kept(stored, _stored(handle))
                for table in _stored(handle):
                    row(handle, table, awkward=True)
                stored = _stored(handle)
        assert all(stored[table] for table in ENTITY_TABLES)
        for revision in [BASE, *REVISIONS[:-1]][:0:-1]:
            scratch.downgrade(revision)
            with scratch.handle() as handle:
                left = _stored(handle)
                _assert_kept({table: rows for table, rows in stored.items() if table in left}, left)
        assert set(left) == {"base_entity"}


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
    columns = {line for line in of_kind(ladder["005"][1], "column") if " NOT NULL" in line}
    assert {line.partition(" ")[0] for line in columns} == {
        f"{table}.{column}" for table, names in REQUIRED.items() for column in names
    }
    for table, names in REQUIRED.items():
        with past_row_security(db):
            row(db, table)
            for column in names:
                assert refused(db, *copy_of(table, **{column: None})) == ("23502", column)
