"""Conversations: a viewer's own, everybody's of the tenant for an operator."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, StringConstraints
from sqlalchemy import Select

from agents import audit, conversations
from agents.api.inputs import Body, ConversationPage, ConversationPaging, ObjectId, Opened, Title
from agents.auth.guard import Caller, requires
from agents.db import Conversation
from agents.db.base import utcnow
from agents.resources import Resources
from agents.roles import Role
from agents.text import storable

router = APIRouter(prefix="/conversations", tags=["conversations"], route_class=requires(Role.VIEWER))
operator_router = APIRouter(
    prefix="/conversations", tags=["conversations"], route_class=requires(Role.OPERATOR)
)

_Needle = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), storable]


class NewConversation(Body):
    title: Title = "New conversation"


class ConversationChange(Body):
    title: Title = ""
    is_archived: bool = False


class ConversationSearch(ConversationPage):
    q: _Needle


class ConversationOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    user_id: UUID
    title: str
    is_archived: bool
    message_count: int
    created_at: datetime
    updated_at: datetime


@router.get("", response_model=list[ConversationOut])
async def list_conversations(
    caller: Caller, resources: Opened, page: ConversationPaging
) -> list[Conversation]:
    return await _page(resources, conversations.visible(caller), page)


@router.get("/search", response_model=list[ConversationOut])
async def search_conversations(
    caller: Caller, resources: Opened, search: Annotated[ConversationSearch, Query()]
) -> list[Conversation]:
    return await _page(resources, conversations.containing(conversations.visible(caller), search.q), search)


@router.post("", status_code=201, response_model=ConversationOut)
async def create_conversation(caller: Caller, resources: Opened, new: NewConversation) -> Conversation:
    async with resources.sessions.begin() as session:
        conversation = Conversation(tenant_id=caller.tenant_id, user_id=caller.user_id, title=new.title)
        session.add(conversation)
    return conversation


@router.get("/{conversation_id}", response_model=ConversationOut)
async def get_conversation(caller: Caller, resources: Opened, conversation_id: ObjectId) -> Conversation:
    async with resources.sessions() as session:
        return await conversations.find(session, caller, conversation_id)


@router.patch("/{conversation_id}", response_model=ConversationOut)
async def change_conversation(
    caller: Caller, resources: Opened, conversation_id: ObjectId, change: ConversationChange
) -> Conversation:
    async with resources.sessions.begin() as session:
        conversation = await conversations.find(session, caller, conversation_id)
        for name, value in change.model_dump(exclude_unset=True).items():
            setattr(conversation, name, value)
        conversation.updated_at = utcnow()
    return conversation


@operator_router.delete("/{conversation_id}", status_code=204)
async def delete_conversation(caller: Caller, resources: Opened, conversation_id: ObjectId) -> None:
    async with resources.sessions.begin() as session:
        conversation = await conversations.find(session, caller, conversation_id)
        await session.delete(conversation)
        audit.record(session, caller, "conversation.deleted", conversation.id, title=conversation.title)


async def _page(
    resources: Resources, query: Select[Conversation], page: ConversationPage
) -> list[Conversation]:
    ordered = conversations.listed(query, include_archived=page.include_archived)
    async with resources.sessions() as session:
        return list(await session.scalars(ordered.limit(page.limit).offset(page.offset)))
