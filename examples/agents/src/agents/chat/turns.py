"""One turn of a chat: the history goes to the model, question and answer are stored together."""

from dataclasses import dataclass
from typing import cast
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from agents import conversations
from agents.auth.principal import Principal
from agents.chat.llm import Answer
from agents.chat.prompt import Role, Turn
from agents.conversations import Draft
from agents.db import Conversation, Message

_TITLE_LENGTH = 60


@dataclass(frozen=True, kw_only=True)
class Question:
    """A message on its way to the model, with all that was said before."""

    principal: Principal
    conversation_id: UUID
    is_new: bool
    message: str
    turns: list[Turn]


async def prepare(
    sessions: async_sessionmaker[AsyncSession],
    principal: Principal,
    *,
    message: str,
    conversation_id: UUID | None,
    history: int,
) -> Question:
    """Read what the model needs, at most the last `history` messages among it.

    The connection goes back to the pool before the model is asked.

    Raises:
        ApiError: 404, the conversation is not there for this caller.
    """
    said: list[Turn] = []
    if conversation_id is not None:
        async with sessions() as session:
            await conversations.find(session, principal, conversation_id)
            said = await _said(session, conversation_id, history)
    return Question(
        principal=principal,
        conversation_id=conversation_id or uuid4(),
        is_new=conversation_id is None,
        message=message,
        turns=[*said, Turn(role="user", content=message)],
    )


async def store(sessions: async_sessionmaker[AsyncSession], question: Question, answer: Answer) -> None:
    """Store question and answer, or neither: a failed turn leaves no trace.

    Raises:
        ApiError: 404, the conversation was deleted while the model was thinking.
    """
    drafts = [
        Draft(role="user", content=question.message),
        Draft(
            role="assistant",
            content=answer.text,
            model=answer.model,
            prompt_tokens=answer.usage.prompt_tokens,
            completion_tokens=answer.usage.completion_tokens,
        ),
    ]
    async with sessions.begin() as session:
        if question.is_new:
            session.add(_new_conversation(question))
            await session.flush()
        await conversations.append(session, question.conversation_id, drafts)


async def _said(session: AsyncSession, conversation_id: UUID, history: int) -> list[Turn]:
    latest = (
        select(Message)
        .where(Message.conversation_id == conversation_id)
        .order_by(Message.sequence.desc())
        .limit(history)
    )
    messages = (await session.scalars(latest)).all()
    return [Turn(role=cast("Role", said.role), content=said.content) for said in reversed(messages)]


def _new_conversation(question: Question) -> Conversation:
    return Conversation(
        id=question.conversation_id,
        tenant_id=question.principal.tenant_id,
        user_id=question.principal.user_id,
        title=question.message[:_TITLE_LENGTH],
    )
