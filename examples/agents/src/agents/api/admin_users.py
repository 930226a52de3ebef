"""Users of the caller's tenant."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, StringConstraints
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from agents import audit
from agents.api.inputs import Body, ObjectId, Opened, Paging
from agents.auth.guard import Caller, requires
from agents.auth.principal import Principal
from agents.db import User
from agents.errors import ApiError, not_found
from agents.roles import Role
from agents.text import storable

router = APIRouter(prefix="/admin/users", tags=["admin"], route_class=requires(Role.ADMIN))

_ExternalId = Annotated[str, StringConstraints(min_length=1, max_length=200), storable]
_Email = Annotated[str, StringConstraints(max_length=320, pattern=r"^[^@\s]+@[^@\s]+$"), storable]


class NewUser(Body):
    external_id: _ExternalId
    email: _Email | None = None
    role: Role = Role.VIEWER


class UserChange(Body):
    email: _Email | None = None
    role: Role = Role.VIEWER
    is_active: bool = True


class UserOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    external_id: str
    email: str | None
    role: Role
    is_active: bool
    created_at: datetime


@router.get("", response_model=list[UserOut])
async def list_users(caller: Caller, resources: Opened, page: Paging) -> list[User]:
    query = (
        select(User)
        .where(User.tenant_id == caller.tenant_id)
        .order_by(User.external_id)
        .limit(page.limit)
        .offset(page.offset)
    )
    async with resources.sessions() as session:
        return list(await session.scalars(query))


@router.post("", status_code=201, response_model=UserOut)
async def create_user(caller: Caller, resources: Opened, new: NewUser) -> User:
    user = User(tenant_id=caller.tenant_id, is_active=True, **new.model_dump())
    try:
        async with resources.sessions.begin() as session:
            session.add(user)
            await session.flush()
            audit.record(session, caller, "user.created", user.id, role=user.role.value)
    except IntegrityError as taken:
        raise ApiError(409, "USER_EXISTS", "This tenant has a user with this external_id.") from taken
    return user


@router.patch("/{user_id}", response_model=UserOut)
async def change_user(caller: Caller, resources: Opened, user_id: ObjectId, change: UserChange) -> User:
    changes = change.model_dump(exclude_unset=True)
    async with resources.sessions.begin() as session:
        user = await _find(session, caller, user_id)
        for name, value in changes.items():
            setattr(user, name, value)
        audit.record(session, caller, "user.changed", user.id, **changes)
    return user


async def _find(session: AsyncSession, caller: Principal, user_id: str) -> User:
    try:
        key = UUID(user_id)
    except ValueError:
        raise not_found() from None
    user = await session.scalar(select(User).where(User.tenant_id == caller.tenant_id, User.id == key))
    if user is None:
        raise not_found()
    return user
