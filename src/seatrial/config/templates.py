"""Texts with placeholders: `{name}` stands for a value, `{{` and `}}` for the braces themselves."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = re.compile(r"[^\W\d][\w-]*(\.[\w-]+)*(:[\w+]+)?")
_TOKEN = re.compile(r"\{\{|\}\}|\{[^{}]*\}|[{}]")


@dataclass(frozen=True)
class Placeholder:
    """A name between braces, such as `database.url:async`."""

    name: str


class UnbalancedBracesError(ValueError):
    """A brace that neither begins nor ends a placeholder."""


def parse(text: str) -> list[str | Placeholder]:
    """Split a text into literal pieces and placeholders.

    Raises:
        UnbalancedBracesError: a single brace, or braces around something that cannot be a name
            (JSON in an environment value, most often).
    """
    parts: list[str | Placeholder] = []
    literal, position = "", 0
    for match in _TOKEN.finditer(text):
        literal += text[position : match.start()]
        position = match.end()
        token = match.group()
        if token in ("{{", "}}"):
            literal += token[0]
            continue
        name = token[1:-1].strip()
        if not _NAME.fullmatch(name):
            raise UnbalancedBracesError(token)
        parts += [literal, Placeholder(name)] if literal else [Placeholder(name)]
        literal = ""
    literal += text[position:]
    return [*parts, literal] if literal else parts
