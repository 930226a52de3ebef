"""What many tests say or do; plain functions over the connector's sessions."""

from datetime import UTC, datetime

from sqlalchemy import text

from models import Skill

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

_COUNTS = text(
    "SELECT (SELECT count(*) FROM base_entity), (SELECT count(*) FROM skill_entity),"
    " (SELECT count(*) FROM audit_log)"
)


def new_skill(name, *, agent=AGENT_A, status="active", **values):
    """A skill of an agent with its first version, not added to a session yet."""
    skill = Skill(name=name, category="test", status=status, governance_agent_id=agent, **values)
    skill.seal([], actor=agent, reason="created", at=datetime.now(UTC))
    return skill


async def counts(connector, agent=AGENT_A):
    """How many entities, skills and entries of the log another transaction of this agent sees."""
    async with connector.session(agent) as session:
        return tuple((await session.execute(_COUNTS)).one())
