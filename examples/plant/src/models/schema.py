"""What the tables have beside columns: extensions, triggers, policies and rights, for `create_all` too."""

from typing import Any

from sqlalchemy import Connection, MetaData, event

from models.base import Base
from security import rls

EXTENSIONS = ("vector", "uuid-ossp")
ENTITY_TABLES = (
    "base_entity",
    "skill_entity",
    "industry_entity",
    "team_entity",
    "job_role_entity",
    "agent_entity",
)

KEEP_CREATED_AT = """
CREATE FUNCTION base_entity_keep_created_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.created_at IS DISTINCT FROM OLD.created_at THEN
    RAISE EXCEPTION USING
      ERRCODE = 'restrict_violation',
      CONSTRAINT = 'base_entity_created_at_immutable',
      MESSAGE = 'created_at of an entity never changes';
  END IF;
  RETURN NEW;
END
$$
"""
GROW_HASH_CHAIN = """
CREATE FUNCTION base_entity_grow_hash_chain() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  added int := cardinality(NEW.hash_chain_sha256) - cardinality(OLD.hash_chain_sha256);
BEGIN
  IF added < 0 OR trim_array(NEW.hash_chain_sha256, added) IS DISTINCT FROM OLD.hash_chain_sha256
    OR coalesce(array_lower(NEW.hash_chain_sha256, 1), 1) <> 1
  THEN
    RAISE EXCEPTION USING
      ERRCODE = 'restrict_violation',
      CONSTRAINT = 'base_entity_hash_chain_append_only',
      MESSAGE = 'the hash chain of an entity may only grow';
  END IF;
  RETURN NEW;
END
$$
"""
TRIGGERS = {
    "base_entity_created_at_immutable": "base_entity_keep_created_at",
    "base_entity_hash_chain_append_only": "base_entity_grow_hash_chain",
}


@event.listens_for(Base.metadata, "before_create")
def _create_extensions(_target: MetaData, connection: Connection, **_options: Any) -> None:
    for name in EXTENSIONS:
        connection.exec_driver_sql(f'CREATE EXTENSION IF NOT EXISTS "{name}"')


@event.listens_for(Base.metadata, "after_create")
def _create_rules(_target: MetaData, connection: Connection, **_options: Any) -> None:
    for statement in (KEEP_CREATED_AT, GROW_HASH_CHAIN, *_triggers()):
        connection.exec_driver_sql(statement)
    for table in ENTITY_TABLES:
        for statement in rls.statements(table):
            connection.exec_driver_sql(statement)
    connection.exec_driver_sql(f"GRANT SELECT, INSERT ON audit_log TO {rls.ROLE}")


def _triggers() -> list[str]:
    return [
        f"CREATE TRIGGER {name} BEFORE UPDATE ON base_entity FOR EACH ROW EXECUTE FUNCTION {function}()"
        for name, function in TRIGGERS.items()
    ]
