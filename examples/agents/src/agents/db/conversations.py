"""Conversations and their messages."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from agents.db.base import Base, Id, TenantId, Timestamp


class Conversation(Base):
    __tablename__ = "conversations"
    __table_args__ = (Index(None, "tenant_id", "updated_at", "id"),)

    id: Mapped[Id]
    tenant_id: Mapped[TenantId]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    is_archived: Mapped[bool] = mapped_column(default=False, server_default=false())
    message_count: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """Also the sequence of the last message: incrementing it reserves the next ones."""
    created_at: Mapped[Timestamp]
    updated_at: Mapped[Timestamp]


class Message(Base):
    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("conversation_id", "sequence"),
        CheckConstraint("role IN ('user', 'assistant')", name="role"),
    )

    id: Mapped[Id]
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    sequence: Mapped[int]
    """1 for the first message of a conversation."""
    role: Mapped[str] = mapped_column(String(20))
    content: Mapped[str] = mapped_column(Text)
    model: Mapped[str | None] = mapped_column(String(100))
    prompt_tokens: Mapped[int | None]
    completion_tokens: Mapped[int | None]
    created_at: Mapped[Timestamp]
