"""Tables and connections."""

from agents.db.audit import AuditEntry
from agents.db.base import Base
from agents.db.conversations import Conversation, Message
from agents.db.documents import DocumentChunk
from agents.db.plugins import PluginRegistration
from agents.db.tenants import Tenant, User
from agents.db.usage import DailySummary, UsageMetric

__all__ = [
    "AuditEntry",
    "Base",
    "Conversation",
    "DailySummary",
    "DocumentChunk",
    "Message",
    "PluginRegistration",
    "Tenant",
    "UsageMetric",
    "User",
]
