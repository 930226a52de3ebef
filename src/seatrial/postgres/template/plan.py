"""What a template is to be made of, and what was made."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from seatrial.config import DatabaseAddress
    from seatrial.config.settings import DatabaseSettings


@dataclass(frozen=True, kw_only=True)
class TemplatePlan:
    """Everything that goes into a template.

    `environment` gives the application's environment for a database address: migrations and Python
    seeds run with it, in a process of their own, as the owner of the database.
    """

    settings: DatabaseSettings
    root: Path
    database: str
    env: Mapping[str, str]
    """`[tool.seatrial.env]` as written, placeholders and all: a part of the fingerprint."""
    environment: Callable[[DatabaseAddress], Mapping[str, str]] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class TemplateReport:
    """What a finished template holds; kept beside it in the cache."""

    fingerprint: str
    revision: str | None
    """The Alembic revision, where the schema comes from Alembic."""
    tables: int
    extensions: dict[str, str]
    """Declared extensions and their versions."""
    stand_ins: tuple[str, ...]
    """Those of the extensions that are SQL stand-ins."""
    clone_statements: tuple[str, ...]
    """What CREATE DATABASE ... TEMPLATE does not copy; `{database}` stands for the clone's quoted name."""
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """The report as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> TemplateReport:
        """The inverse of `to_json`; a missing or unknown key is a TypeError."""
        tuples = {key: tuple(values[key]) for key in ("stand_ins", "clone_statements")}
        return cls(**{**values, **tuples})
