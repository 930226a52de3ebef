"""What a user has set, by key."""

import unicodedata
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict
from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from server.lib.jsonvalues import readable, storable
from server.models.base import Base, Json, Key, Now, String

LONGEST_KEY = 100
LARGEST_VALUE_BYTES = 1024 * 1024


class StoredPreference(Base):
    __tablename__ = "user_preferences"
    __table_args__ = (UniqueConstraint("user_id", "preference_key"),)

    id: Mapped[Key]
    user_id: Mapped[String]
    preference_key: Mapped[String]
    preference_value: Mapped[Json]
    created_at: Mapped[Now]
    updated_at: Mapped[Now]


def normalized(key: str) -> str:
    """One spelling for keys that look the same."""
    return unicodedata.normalize("NFC", key)


def _checked_key(key: str) -> str:
    key = normalized(key)
    if not 1 <= len(key) <= LONGEST_KEY:
        raise ValueError(f"expected 1 to {LONGEST_KEY} characters, found {len(key)}")
    if wrong := [character for character in key if not _is_allowed(character)]:
        raise ValueError(f"expected letters, digits, '_', '.' and '-', found {wrong[0]!r}")
    return key


def _is_allowed(character: str) -> bool:
    # Marks belong to letters: no word of Hindi can be written without them.
    kind = unicodedata.category(character)
    return character in "_.-" or kind[0] in "LM" or kind == "Nd"


def _checked_value(value: Any) -> Any:
    return storable(value, largest=LARGEST_VALUE_BYTES)


class NewPreference(BaseModel):
    model_config = ConfigDict(extra="forbid")

    preference_key: Annotated[str, AfterValidator(_checked_key)]
    preference_value: Annotated[Any, AfterValidator(_checked_value)]


class UserPreference(BaseModel):
    preference_key: str
    preference_value: Any
    unreadable: bool
    """Whether what is stored could not be read; the value is null then."""
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: StoredPreference) -> Self:
        value = readable(row.preference_value)
        return cls(
            preference_key=row.preference_key,
            preference_value=value,
            unreadable=value is not row.preference_value,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )
