"""What every entity has: who answers for it, its state, and the chain of its versions."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID, uuid4

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    DateTime,
    ForeignKey,
    MetaData,
    String,
    Text,
    func,
    inspect,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

from models.versions import Amendment, content_hash, link


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class BaseEntity(Base):
    """An entity of any kind. `governance_agent_id` names the agent that may change it."""

    __tablename__ = "base_entity"
    __table_args__: Any = (
        CheckConstraint("status IN ('active', 'draft', 'deprecated', 'archived')", name="status"),
    )

    kind: ClassVar[str] = ""
    versioned: ClassVar[tuple[str, ...]] = ("external_id", "status", "tags", "custom_attributes")
    """The attributes whose change makes a new version."""

    id: Mapped[UUID] = mapped_column(
        primary_key=True, default=uuid4, server_default=text("uuid_generate_v4()")
    )
    entity_type: Mapped[str] = mapped_column(String(50), index=True)
    external_id: Mapped[str | None] = mapped_column(String(255), unique=True)
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), index=True
    )
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    deleted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    status: Mapped[str] = mapped_column(String(20), default="active", server_default="active", index=True)
    version_hash: Mapped[str] = mapped_column(String(64))
    amendment_history: Mapped[list[Amendment]] = mapped_column(JSONB, default=list, server_default="[]")
    evolution_markers: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default="{}")
    custom_attributes: Mapped[dict[str, str]] = mapped_column(JSONB, default=dict, server_default="{}")
    hash_chain_sha256: Mapped[list[str]] = mapped_column(ARRAY(String(64)), default=list, server_default="{}")
    append_only: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    tamper_proof: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default="{}")
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("base_entity.id"), index=True)
    governance_agent_id: Mapped[str] = mapped_column(String(100), index=True)

    @declared_attr.directive
    @classmethod
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"polymorphic_identity": cls.kind} if cls.kind else {"polymorphic_on": "entity_type"}

    def __init__(self, **values: Any) -> None:
        # The content of the first version is hashed before the row is written.
        super().__init__(**(_defaults(type(self)) | values))

    @property
    def version(self) -> int:
        """How many versions there are, the first included."""
        return len(self.amendment_history)

    def content(self) -> dict[str, Any]:
        """What a version consists of."""
        return {"entity_type": self.entity_type} | {name: getattr(self, name) for name in self.versioned}

    def amend(self, changes: Mapping[str, Any], *, actor: str, reason: str, at: datetime) -> list[str]:
        """Make a new version with these values, if any is new; gives the names of those that are."""
        changed = sorted(name for name, value in changes.items() if getattr(self, name) != value)
        for name in changed:
            setattr(self, name, changes[name])
        if changed:
            self.seal(changed, actor=actor, reason=reason, at=at)
        return changed

    def seal(self, changed: list[str], *, actor: str, reason: str, at: datetime) -> None:
        """Close the present content as a version: its hash, its amendment, a link of the chain."""
        self.version_hash = content_hash(self.content())
        amendment = Amendment(
            version=self.version + 1,
            at=at.isoformat(),
            actor=actor,
            reason=reason,
            changed=changed,
            version_hash=self.version_hash,
        )
        previous = self.hash_chain_sha256[-1] if self.hash_chain_sha256 else ""
        self.amendment_history = [*self.amendment_history, amendment]
        self.hash_chain_sha256 = [*self.hash_chain_sha256, link(previous, amendment)]
        self.evolution_markers = {**self.evolution_markers, "version": self.version}
        self.updated_at = at

    def broken_version(self) -> int | None:
        """The first version that is not what its hash says; None where the whole chain holds."""
        previous = ""
        for number, amendment in enumerate(self.amendment_history, start=1):
            previous = link(previous, amendment)
            if self.hash_chain_sha256[number - 1 : number] != [previous]:
                return number
        whole = len(self.hash_chain_sha256) == self.version
        known = whole and self.version > 0 and self.amendment_history[-1]["version_hash"]
        if known == self.version_hash == content_hash(self.content()):
            return None
        return self.version


def _defaults(kind: type[BaseEntity]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for attribute in inspect(kind).column_attrs:
        for default in (column.default for column in attribute.columns if column.default is not None):
            found[attribute.key] = default.arg(None) if default.is_callable else default.arg
    return found
