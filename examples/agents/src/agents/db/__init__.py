"""Tables and connections."""

from agents.db.audit import AuditEntry
from agents.db.base import Base
from agents.db.conversations import Conversation, Message
from agents.db.documents import DocumentChunk
from agents.db.tenants import Tenant, User

__all__ = ["AuditEntry", "Base", "Conversation", "DocumentChunk", "Message", "Tenant", "User"]
