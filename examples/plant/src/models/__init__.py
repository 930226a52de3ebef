"""The tables; importing this package fills `Base.metadata`, triggers, policies and rights included."""

from models import schema as schema
from models.agent import Agent
from models.audit_log import AuditEntry
from models.base import Base, BaseEntity
from models.industry import Industry
from models.job_role import JobRole
from models.named import NamedEntity
from models.skill import Skill
from models.team import Team

__all__ = [
    "Agent",
    "AuditEntry",
    "Base",
    "BaseEntity",
    "Industry",
    "JobRole",
    "NamedEntity",
    "Skill",
    "Team",
]
