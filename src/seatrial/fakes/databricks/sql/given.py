"""What a statement is sent with for its markers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Given(Protocol):
    """What a statement is sent with for one of its markers."""

    @property
    def name(self) -> str | None:
        """The marker's name; None: by position."""

    @property
    def type(self) -> str:
        """Such as `INT`, `DECIMAL(10,2)`, `VOID`."""

    @property
    def value(self) -> str | None:
        """As text; None is NULL."""


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A value for one marker of a statement.

    Args:
        value: as text; None is NULL.
        type: such as `INT`, `DECIMAL(10,2)`, `VOID`.
        name: the marker's name; None: the next `?`.
    """

    value: str | None
    type: str = "STRING"
    name: str | None = None
