"""From claims to a user of the database, whose role is the one that counts."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import and_, bindparam, exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from agents.auth.tokens import Claims
from agents.db import Tenant, User
from agents.errors import ApiError
from agents.roles import Role


@dataclass(frozen=True, kw_only=True)
class Principal:
    """The caller of a request."""

    user_id: UUID
    tenant_id: UUID
    role: Role
    chat_limit_per_minute: int | None


async def resolve(session: AsyncSession, claims: Claims) -> Principal:
    """The user these claims name; a new user of a known tenant is provisioned as viewer.

    Raises:
        ApiError: 403 TENANT_MISMATCH or USER_INACTIVE.
    """
    tenant, user = await _find(session, claims)
    if tenant is None or not tenant.is_active:
        raise _mismatch()
    if user is None:
        user = await _provision(session, claims)
    if not user.is_active:
        raise ApiError(403, "USER_INACTIVE", "This user is deactivated.")
    return Principal(
        user_id=user.id,
        tenant_id=tenant.id,
        role=user.role,
        chat_limit_per_minute=tenant.chat_limit_per_minute,
    )


# Every request asks this, so it is made once.
_TENANT_AND_USER = (
    select(Tenant, User)
    .outerjoin(User, and_(User.tenant_id == Tenant.id, User.external_id == bindparam("sub")))
    .where(Tenant.id == bindparam("tenant_id"))
)


async def _find(session: AsyncSession, claims: Claims) -> tuple[Tenant | None, User | None]:
    named = {"tenant_id": claims.tenant_id, "sub": claims.sub}
    row = (await session.execute(_TENANT_AND_USER, named)).one_or_none()
    return (None, None) if row is None else (row[0], row[1])


async def _provision(session: AsyncSession, claims: Claims) -> User:
    if await session.scalar(select(exists().where(User.external_id == claims.sub))):
        # Either a user of another tenant, or one that a concurrent request has just provisioned.
        return await _found_after_all(session, claims)
    user = User(tenant_id=claims.tenant_id, external_id=claims.sub, email=claims.email, role=Role.VIEWER)
    session.add(user)
    try:
        await session.commit()
    except IntegrityError:
        await session.rollback()
        return await _found_after_all(session, claims)
    return user


async def _found_after_all(session: AsyncSession, claims: Claims) -> User:
    _tenant, user = await _find(session, claims)
    if user is None:
        raise _mismatch()
    return user


def _mismatch() -> ApiError:
    return ApiError(403, "TENANT_MISMATCH", "This user does not belong to this tenant.")
