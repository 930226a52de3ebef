"""Who changed which entity when, as one chain of hashes."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.versions import link

GENESIS = "0" * 64
"""What stands before the first entry."""


class AuditEntry(Base):
    """One change. The payload tells which attributes changed and never their values: a draft stays unread."""

    __tablename__ = "audit_log"
    __table_args__ = (CheckConstraint("action IN ('created', 'evolved')", name="action"),)

    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    entity_id: Mapped[UUID] = mapped_column(ForeignKey("base_entity.id"), index=True)
    action: Mapped[str] = mapped_column(String(20))
    actor: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    # Unique: two entries after the same one would be a fork.
    previous_hash: Mapped[str] = mapped_column(String(64), unique=True)
    hash: Mapped[str] = mapped_column(String(64))

    def computed_hash(self) -> str:
        """What the hash has to be."""
        content = {
            "sequence": self.sequence,
            "entity_id": self.entity_id,
            "action": self.action,
            "actor": self.actor,
            "at": self.at.isoformat(),
            "payload": self.payload,
        }
        return link(self.previous_hash, content)
