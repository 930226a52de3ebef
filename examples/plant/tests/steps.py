"""What many tests say or do; plain functions over the connector's sessions."""

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
