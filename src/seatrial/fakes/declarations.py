"""What `[tool.seatrial.fakes]` declares: which kind of fake, how it is reached, its own options."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from seatrial.errors import FakeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from seatrial.fakes.fake import Fake

KINDS = {
    "databricks": ("seatrial.fakes.databricks.fake", "DatabricksFake"),
    "http": ("seatrial.fakes.http.fake", "HttpFake"),
    "openai": ("seatrial.fakes.openai.fake", "OpenAIFake"),
}
"""Kind -> where its class is; loaded when it is declared."""

TCP = "tcp"
"""The kind of what is no fake at all, but a real service behind a proxy."""

_SHARED = ("kind", "https", "mode", "live")
"""Of every kind; the last two are read by whoever decides the mode of a run."""


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """One fake of the project."""

    kind: str
    https: bool
    fake: Fake


def declare(name: str, options: Mapping[str, Any], *, root: Path | None = None) -> Declaration:
    """The fake that one table of the settings declares.

    Raises:
        FakeError: the kind is not built in, or an option is unknown or wrong.
    """
    kind = options.get("kind", name)
    if kind not in KINDS:
        known = sorted((*KINDS, TCP))
        raise FakeError(
            f"[tool.seatrial.fakes] names {kind!r}, which is not built in{suggest_name(str(kind), known)}.",
            code="fakes.unknown",
            remedy=f"Use one of: {', '.join(known)}; for a name of your own, say which: "
            f'{name} = {{ kind = "http" }}.',
        )
    https = options.get("https", False)
    if not isinstance(https, bool):
        raise FakeError(
            f"The fake {name!r} expects https as true or false, found {https!r}.",
            code="fakes.options",
            remedy=f"Write {name} = {{ https = true }}.",
        )
    own = {option: value for option, value in options.items() if option not in _SHARED}
    module, class_name = KINDS[kind]
    fake: Fake = getattr(import_module(module), class_name)(name, options=own, root=root)
    return Declaration(kind=kind, https=https, fake=fake)


def suggest_name(name: str, known: Iterable[str]) -> str:
    """The nearest known name, as the end of a message; empty when none is near."""
    matches = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean {matches[0]!r}?)" if matches else ""
