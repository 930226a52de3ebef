"""What many tests say or do; plain functions over the connector's sessions."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
from alembic.config import Config
from seatrial.postgres.catalog import snapshot
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core import entities
from core.database import constraint_of, sqlstate_of
from models import Agent, JobRole, Skill
from security.rls import SETTING
from validators.entities import AgentChange, Change, JobRoleChange, SkillChange

PLANT = Path(__file__).parents[1]
AGENT_A = "agent-a"
AGENT_B = "agent-b"
ENTITY_TABLES = (
    "base_entity",
    "skill_entity",
    "industry_entity",
    "team_entity",
    "job_role_entity",
    "agent_entity",
)

AGENT = text(f"SELECT NULLIF(current_setting('{SETTING}', true), '')")
PID = text("SELECT pg_backend_pid()")
CHANGES = {Skill: SkillChange, JobRole: JobRoleChange, Agent: AgentChange}
_COUNTS = text(
    "SELECT (SELECT count(*) FROM base_entity), (SELECT count(*) FROM skill_entity),"
    " (SELECT count(*) FROM audit_log)"
)


def alembic_at(url):
    """Alembic's configuration for the database at a URL."""
    config = Config(PLANT / "alembic.ini")
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def schema_of(handle):
    """The schema of the database behind a handle; Alembic's own table is left out."""
    with psycopg.connect(handle.url()) as connection:
        return snapshot(connection, ignore=["alembic_version"])


def objects(catalog, kind, table=None):
    """The objects of a kind, in all tables or one: `table.name`, and what is known of each."""
    return {
        ".".join(path[1:] or path): facts.get("definition")
        or " ".join(facts[name] for name in ("type", "nullability", "default") if name in facts)
        for (found, path), facts in catalog.entries.items()
        if found == kind and table in (None, *path[1:2])
    }


def new_skill(name, *, agent=AGENT_A, status="active", **values):
    """A skill of an agent with its first version, not added to a session yet."""
    skill = Skill(name=name, category="test", status=status, governance_agent_id=agent, **values)
    skill.seal([], actor=agent, reason="created", at=datetime.now(UTC))
    return skill


async def counts(connector, agent=AGENT_A):
    """How many entities, skills and entries of the log another transaction of this agent sees."""
    async with connector.session(agent) as session:
        return tuple((await session.execute(_COUNTS)).one())


async def refusal(session, statement, **values):
    """SQLSTATE and constraint, or column, of a statement that the server refuses; None if it does not."""
    try:
        async with session.begin_nested():
            await session.execute(text(statement), values)
    except DBAPIError as error:
        return sqlstate_of(error), constraint_of(error)
    return None


INSERT_BASE = (
    "INSERT INTO base_entity (id, entity_type, version_hash, governance_agent_id, status, external_id)"
    " VALUES (:id, 'skill', 'v1', :agent, :status, :external_id)"
)
INSERT_SKILL = "INSERT INTO skill_entity (id, name, category) VALUES (:id, :name, 'test')"


def base(**values):
    """Values for `INSERT_BASE`."""
    return {"id": uuid4(), "agent": AGENT_A, "status": "active", "external_id": None} | values


async def evolve(connector, entity, changes, *, reason="test", agent=AGENT_A, isolation=None):
    """Make a new version of an entity as the application does."""
    asked = CHANGES.get(type(entity), Change)(reason=reason, **changes)

    async def work(session):
        return await entities.evolve(session, type(entity), entity.id, asked.values(), reason=asked.reason)

    return await connector.run(work, agent_id=agent, isolation=isolation)
