"""Which conversations a caller may see, and how messages are added to one."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from agents.auth.principal import Principal
from agents.db import Conversation, Message
from agents.db.base import utcnow
from agents.errors import not_found
from agents.roles import Role


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A message that has no place in a conversation yet."""

    role: str
    content: str
    model: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


def visible(principal: Principal) -> Select[Conversation]:
    """The caller's own conversations; from operator on, all of the tenant."""
    query = select(Conversation).where(Conversation.tenant_id == principal.tenant_id)
    if principal.role.includes(Role.OPERATOR):
        return query
    return query.where(Conversation.user_id == principal.user_id)


def listed(query: Select[Conversation], *, include_archived: bool) -> Select[Conversation]:
    """Latest first; the id decides between equal times, so that pages neither overlap nor leave gaps."""
    if not include_archived:
        query = query.where(Conversation.is_archived.is_(False))
    return query.order_by(Conversation.updated_at.desc(), Conversation.id.desc())


def containing(query: Select[Conversation], text: str) -> Select[Conversation]:
    """Those with `text` in the title or in a message, whatever the case."""
    in_message = exists().where(
        Message.conversation_id == Conversation.id, Message.content.icontains(text, autoescape=True)
    )
    return query.where(or_(Conversation.title.icontains(text, autoescape=True), in_message))


async def find(session: AsyncSession, principal: Principal, conversation_id: str | UUID) -> Conversation:
    """One visible conversation.

    Raises:
        ApiError: 404, also for an id that is no UUID: there is no such object either.
    """
    try:
        key = UUID(str(conversation_id))
    except ValueError:
        raise not_found() from None
    conversation = await session.scalar(visible(principal).where(Conversation.id == key))
    if conversation is None:
        raise not_found()
    return conversation


async def append(session: AsyncSession, conversation_id: UUID, drafts: Sequence[Draft]) -> list[Message]:
    """Add messages at the end, in the caller's transaction.

    The counter's row lock makes concurrent writers queue, so sequences have neither gap nor duplicate.

    Raises:
        ApiError: 404, the conversation was deleted meanwhile.
    """
    count = await session.scalar(
        update(Conversation)
        .where(Conversation.id == conversation_id)
        .values(message_count=Conversation.message_count + len(drafts), updated_at=utcnow())
        .returning(Conversation.message_count)
        .execution_options(synchronize_session=False)
    )
    if count is None:
        raise not_found()
    first = count - len(drafts) + 1
    messages = [
        Message(
            conversation_id=conversation_id,
            sequence=first + position,
            role=draft.role,
            content=draft.content,
            model=draft.model,
            prompt_tokens=draft.prompt_tokens,
            completion_tokens=draft.completion_tokens,
        )
        for position, draft in enumerate(drafts)
    ]
    session.add_all(messages)
    await session.flush()
    return messages
