"""How versions are hashed and linked; the audit log uses the same."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, TypedDict


class Amendment(TypedDict):
    """What is kept of each version of an entity. `at` is an ISO time with its zone."""

    version: int
    at: str
    actor: str
    reason: str
    changed: list[str]
    version_hash: str


def content_hash(content: Mapping[str, Any]) -> str:
    """The SHA-256 of values that JSON can hold, ids included, in 64 hexadecimal digits.

    The order of keys means nothing. Numbers should be integers: JSON in the database writes others anew.
    """
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


def link(previous: str, content: Mapping[str, Any]) -> str:
    """The next hash of a chain whose last one is `previous`; empty for the first."""
    return content_hash({"previous": previous, "content": content})
