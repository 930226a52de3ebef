"""What is done with entities, the same for every kind, in a transaction of the caller's."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import Select, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import NotAllowedError, NotFoundError
from ml.embeddings import embed
from models import NamedEntity
from validators.rules import check_change, check_references

E = TypeVar("E", bound=NamedEntity)

# Row-level security takes neighbours away after the index has found them: without this it gives too few.
_KEEP_LOOKING = text("SET LOCAL hnsw.iterative_scan = strict_order")


@dataclass(frozen=True)
class Match(Generic[E]):
    """An entity and its cosine distance from what was looked for: 0 is the same direction, 2 the opposite."""

    entity: E
    distance: float


async def create(session: AsyncSession, kind: type[E], values: Mapping[str, Any]) -> E:
    """Add an entity of the session's agent, with its first version.

    Raises:
        InvalidError: it refers to something that is not there.
    """
    agent_id = session.info["agent_id"]
    entity = kind(**values, governance_agent_id=agent_id)
    await check_references(session, values)
    entity.embedding = embed(entity.meaning())
    entity.seal(sorted(values), actor=agent_id, reason="created", at=datetime.now(UTC))
    session.add(entity)
    await session.flush()
    return entity


async def find(session: AsyncSession, kind: type[E], entity_id: UUID) -> E:
    """One entity, of any agent whose entities this one may see.

    Raises:
        NotFoundError: there is none.
    """
    entity = await session.scalar(_living(kind).where(kind.id == entity_id))
    if entity is None:
        raise NotFoundError(f"there is no such {kind.__name__}")
    return entity


async def listed(session: AsyncSession, kind: type[E], *, limit: int, offset: int = 0) -> list[E]:
    """A page of what the agent may see, the newest first."""
    page = _living(kind).order_by(kind.created_at.desc(), kind.id).limit(limit).offset(offset)
    return list(await session.scalars(page))


async def nearest(session: AsyncSession, kind: type[E], wanted: str, *, limit: int) -> list[Match[E]]:
    """What comes closest in meaning, the nearest first; nothing where `wanted` has no word."""
    vector = embed(wanted)
    if vector is None:
        return []
    distance = kind.embedding.cosine_distance(vector)
    await session.execute(_KEEP_LOOKING)
    found = await session.execute(
        _living(kind).add_columns(distance).where(kind.embedding.is_not(None)).order_by(distance).limit(limit)
    )
    return [Match(entity, away) for entity, away in found]


async def evolve(
    session: AsyncSession, kind: type[E], entity_id: UUID, changes: Mapping[str, Any], *, reason: str
) -> E:
    """Make a new version of an entity of the session's agent. Whoever else changes it waits.

    Raises:
        NotFoundError: there is none that the agent may see.
        NotAllowedError: it belongs to another agent.
        InvalidError: a rule speaks against it.
    """
    locked = _living(kind).where(kind.id == entity_id).with_for_update()
    entity = (await session.scalars(locked, execution_options={"populate_existing": True})).one_or_none()
    if entity is None:
        await find(session, kind, entity_id)
        raise NotAllowedError("the entity belongs to another agent")
    await check_references(session, changes)
    await check_change(session, entity, changes)
    now = datetime.now(UTC)
    if entity.amend(changes, actor=session.info["agent_id"], reason=reason, at=now):
        entity.embedding = embed(entity.meaning())
    if entity.status == "archived":
        entity.deleted_at = now
    await session.flush()
    return entity


def _living(kind: type[E]) -> Select[E]:
    return select(kind).where(kind.deleted_at.is_(None))
