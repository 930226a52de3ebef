"""What a request asks of the model, in whichever of the APIs it came."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A function that the model may call."""

    name: str
    parameters: Mapping[str, Any] | None
    """JSON Schema of its arguments; None: it has none."""


@dataclass(frozen=True, kw_only=True)
class Format:
    """What the answer's text has to be."""

    name: str
    schema: Mapping[str, Any] | bool
    """JSON Schema of the answer; of `json_object` one that any object meets."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the answer depends on."""

    model: str
    text: str
    """The last user message."""
    tools: Mapping[str, Tool] = field(default_factory=dict)
    tool_choice: str = "auto"
    """`auto`, `none`, `required`, or the name of a tool in the form `=name`."""
    parallel: bool = True
    format: Format | None = None
    stop: tuple[str, ...] = ()
    limit: int | None = None
    """Tokens the answer may have."""
