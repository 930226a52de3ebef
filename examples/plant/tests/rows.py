"""Rows written by hand, past the application: no more than a table asks for, or awkward values."""

from contextlib import contextmanager
from uuid import uuid4

import psycopg
from psycopg.types.json import Jsonb
from steps import AGENT_A, ENTITY_TABLES

CHILDREN = ENTITY_TABLES[1:]
_NAMED = ["id", "name", "description"]
REQUIRED = {
    "base_entity": [
        "id",
        "entity_type",
        "created_at",
        "updated_at",
        "status",
        "version_hash",
        "amendment_history",
        "evolution_markers",
        "custom_attributes",
        "hash_chain_sha256",
        "append_only",
        "tamper_proof",
        "tags",
        "governance_agent_id",
    ],
    "skill_entity": [*_NAMED, "category"],
    "industry_entity": _NAMED,
    "team_entity": _NAMED,
    "job_role_entity": [*_NAMED, "required_skills", "seniority", "industry_id"],
    "agent_entity": [*_NAMED, "skill_id", "job_role_id", "industry_id"],
    "audit_log": ["sequence", "entity_id", "action", "actor", "at", "payload", "previous_hash", "hash"],
}
"""The columns that must not be empty."""
PARENTS = {table: {"id": "base_entity"} for table in CHILDREN} | {
    "base_entity": {"parent_id": "base_entity"},
    "audit_log": {"entity_id": "base_entity"},
}
PARENTS["job_role_entity"] |= {"industry_id": "industry_entity"}
PARENTS["agent_entity"] |= {
    f"{kind}_id": f"{kind}_entity" for kind in ("skill", "job_role", "team", "industry")
}
"""The foreign keys: column and the table it leads to."""

_AWKWARD_NAME = 'O\'Brien "%s" \\ {null,}\n⚓ '
_AWKWARD = {
    "status": "deprecated",
    "external_id": " ",
    "created_at": "-infinity",
    "tags": ['a,"b"', "NULL", "{}", ""],
    "hash_chain_sha256": ["0" * 64],
    "custom_attributes": '{"é": [1e3, null, "\\u0022"]}',
}


def row(db, table, *, awkward=False, **given):
    """Insert a row and the rows it refers to; gives its id (of the entity, for the log)."""
    references = {
        column: row(db, parent)
        for column, parent in PARENTS[table].items()
        if column != "parent_id" and column not in given
    }
    if table == "base_entity":
        values = {"id": uuid4(), "entity_type": "skill", "version_hash": "", "governance_agent_id": AGENT_A}
        values |= _AWKWARD | {"external_id": f"' {uuid4()}"} if awkward else {}
    elif table == "audit_log":
        values = {"sequence": 1, "action": "created", "actor": "", "at": "now", "payload": "{}"}
        values |= {"previous_hash": "", "hash": ""}
    else:
        values = {"name": f"{_AWKWARD_NAME if awkward else ''}{uuid4()}"}
        values |= {"category": ""} if table == "skill_entity" else {}
    values |= references | given
    columns, marks = ", ".join(values), ", ".join("%s" for _ in values)
    db.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", *values.values())
    return values.get("id") or values["entity_id"]


def copy_of(table, **changes):
    """The statement that inserts the only row of a table once more, with changes, and its value."""
    changed = f"jsonb_populate_record(NULL::{table}, to_jsonb(t) || %s) changed"
    return f"INSERT INTO {table} SELECT changed.* FROM {table} t, {changed} LIMIT 1", Jsonb(changes)


@contextmanager
def past_row_security(db):
    """The owner without the policies, in a transaction of which nothing stays."""
    db.execute("BEGIN")
    try:
        # A session of the test that is still in a transaction would be waited for.
        db.execute("SET LOCAL lock_timeout = '5s'")
        for table in ENTITY_TABLES:
            db.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        yield
    finally:
        db.execute("ROLLBACK")


def refused(db, statement, *values):
    """SQLSTATE and constraint, or column, of a statement in a transaction; None where it is accepted."""
    db.execute("SAVEPOINT attempt")
    try:
        db.execute(statement, *values)
    except psycopg.Error as error:
        return error.sqlstate, error.diag.constraint_name or error.diag.column_name
    finally:
        db.execute("ROLLBACK TO attempt")
    return None
