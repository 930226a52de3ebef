"""The one rule by which this fake counts tokens, so that every usage adds up and tests can foresee it.

A token is a word: a run of characters without white space. Words are counted in the texts of all messages,
in the names and arguments of tool calls, and in the definitions of tools and schemas, written as JSON.
An image counts 85. These are not the counts of a real tokenizer.
"""

from __future__ import annotations

import json
import re
from typing import Any

IMAGE = 85
"""What an image costs, whatever its size: what OpenAI asks for one of low detail."""

_WORD = re.compile(r"\S+")
_WORD_AND_SPACE = re.compile(r"\s*\S+\s*")


def count(text: str) -> int:
    """The tokens of a text."""
    return len(text.split())


def count_definitions(definitions: Any) -> int:
    """The tokens of tools or schemas; none for None and empty lists."""
    return count(json.dumps(definitions)) if definitions else 0


def cut(text: str, limit: int) -> str:
    """The text up to the end of its token number `limit`."""
    ends = [word.end() for word in _WORD.finditer(text)]
    return text if len(ends) <= limit else text[: ends[limit - 1] if limit > 0 else 0]


def pieces(text: str) -> list[str]:
    """The text in the pieces that a stream sends, one token each; joined they are the text."""
    # White space alone has no word to travel with.
    return _WORD_AND_SPACE.findall(text) or [text]
