"""What the language model is asked."""

from dataclasses import dataclass
from typing import Literal

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One message of the exchange so far."""

    role: Role
    content: str


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """The exchange so far, and how to answer it; None leaves a choice to the service."""

    turns: list[Turn]
    temperature: float | None = None
    max_tokens: int | None = None
