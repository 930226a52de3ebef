"""The audit log: every change of an entity, appended to one chain and verified by computing it again."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, event, insert, inspect, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, UOWTransaction

from models import AuditEntry, BaseEntity
from models.audit_log import GENESIS

LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('plant.audit_log', 0))")
"""What every transaction holds that appends to the log."""
_DERIVED = frozenset(
    {
        "updated_at",
        "version_hash",
        "amendment_history",
        "evolution_markers",
        "hash_chain_sha256",
        "embedding",
    }
)


def watch(session_class: type[Session]) -> None:
    """Append an entry for each entity that sessions of this class insert or change, in their transaction."""
    event.listen(session_class, "after_flush", _record)


def _record(session: Session, _flush: UOWTransaction) -> None:
    changes = list(_changes(session))
    if not changes:
        return
    connection = session.connection()
    # Held until the transaction ends: who appends next sees what was committed here.
    connection.execute(LOCK)
    sequence, previous = _last(connection)
    for offset, values in enumerate(changes, start=1):
        entry = AuditEntry(
            sequence=sequence + offset, actor=session.info["agent_id"], previous_hash=previous, **values
        )
        entry.hash = previous = entry.computed_hash()
        columns = {column.key: getattr(entry, column.key) for column in AuditEntry.__table__.columns}
        connection.execute(insert(AuditEntry).values(columns))


def _changes(session: Session) -> Iterator[dict[str, Any]]:
    for entity in session.new:
        if isinstance(entity, BaseEntity):
            yield _entry("created", entity, [])
    for entity in session.dirty:
        if isinstance(entity, BaseEntity) and session.is_modified(entity):
            yield _entry("evolved", entity, _changed(entity))


def _changed(entity: BaseEntity) -> list[str]:
    attributes = inspect(entity).attrs
    changed = {attribute.key for attribute in attributes if attribute.history.has_changes()}
    return sorted(changed - _DERIVED)


def _entry(action: str, entity: BaseEntity, changed: list[str]) -> dict[str, Any]:
    return {
        "entity_id": entity.id,
        "action": action,
        "at": datetime.now(UTC),
        "payload": {
            "entity_type": entity.entity_type,
            "version": entity.version,
            "version_hash": entity.version_hash,
            "changed": changed,
        },
    }


def _last(connection: Connection) -> tuple[int, str]:
    newest = select(AuditEntry.sequence, AuditEntry.hash).order_by(AuditEntry.sequence.desc()).limit(1)
    row = connection.execute(newest).one_or_none()
    return (row.sequence, row.hash) if row is not None else (0, GENESIS)


async def trail(
    session: AsyncSession, *, entity_id: UUID | None = None, limit: int = 100, offset: int = 0
) -> list[AuditEntry]:
    """The entries of what whoever asks may see, oldest first."""
    visible = select(AuditEntry).join(BaseEntity, BaseEntity.id == AuditEntry.entity_id)
    if entity_id is not None:
        visible = visible.where(AuditEntry.entity_id == entity_id)
    page = visible.order_by(AuditEntry.sequence).limit(limit).offset(offset)
    return list(await session.scalars(page))


@dataclass(frozen=True)
class Break:
    """An entry that is not what the chain says, or stands after a gap."""

    sequence: int
    entity_id: UUID
    problem: str


@dataclass
class Verdict:
    """What verifying the whole chain found. Who notes `last_hash` elsewhere also sees a cut-off end."""

    entries: int = 0
    last_sequence: int = 0
    last_hash: str = GENESIS
    breaks: list[Break] = field(default_factory=list)

    @property
    def intact(self) -> bool:
        return not self.breaks

    def take(self, entry: AuditEntry) -> None:
        """Hold the next entry against those before it."""
        self.entries += 1
        expected = (self.last_sequence + 1, self.last_hash)
        if entry.hash != entry.computed_hash():
            self._broken(entry, "its content does not match its hash")
        elif (entry.sequence, entry.previous_hash) != expected:
            self._broken(entry, "the entry before it is missing or another one")
        self.last_sequence, self.last_hash = entry.sequence, entry.hash

    def _broken(self, entry: AuditEntry, problem: str) -> None:
        self.breaks.append(Break(entry.sequence, entry.entity_id, problem))


async def verify(session: AsyncSession) -> Verdict:
    """Compute the whole chain again, entry by entry; needs memory for a batch of them only."""
    verdict = Verdict()
    whole = select(AuditEntry).order_by(AuditEntry.sequence)
    entries = await session.stream_scalars(whole.execution_options(yield_per=500, populate_existing=True))
    async for entry in entries:
        verdict.take(entry)
    return verdict
