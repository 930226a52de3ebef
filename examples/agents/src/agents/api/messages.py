"""The messages of a conversation, in the order in which they were said."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from agents import conversations
from agents.api.inputs import Body, MessageText, ObjectId, Opened, Paging
from agents.auth.guard import Caller, requires
from agents.conversations import Draft
from agents.db import Message
from agents.roles import Role

router = APIRouter(
    prefix="/conversations/{conversation_id}/messages",
    tags=["messages"],
    route_class=requires(Role.VIEWER),
)


class NewMessage(Body):
    content: MessageText


class MessageOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    conversation_id: UUID
    sequence: int
    role: str
    content: str
    model: str | None
    prompt_tokens: int | None
    completion_tokens: int | None
    created_at: datetime


@router.get("", response_model=list[MessageOut])
async def list_messages(
    caller: Caller, resources: Opened, conversation_id: ObjectId, page: Paging
) -> list[Message]:
    async with resources.sessions() as session:
        conversation = await conversations.find(session, caller, conversation_id)
        query = (
            select(Message)
            .where(Message.conversation_id == conversation.id)
            .order_by(Message.sequence)
            .limit(page.limit)
            .offset(page.offset)
        )
        return list(await session.scalars(query))


@router.post("", status_code=201, response_model=MessageOut)
async def add_message(
    caller: Caller, resources: Opened, conversation_id: ObjectId, new: NewMessage
) -> Message:
    """Add a message without asking the model."""
    async with resources.sessions.begin() as session:
        conversation = await conversations.find(session, caller, conversation_id)
        draft = Draft(role="user", content=new.content)
        (message,) = await conversations.append(session, conversation.id, [draft])
    return message
