"""What a fake was asked, in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Call:
    """One HTTP request that reached a fake. Headers are left out: they hold the caller's key."""

    method: str
    path: str
    json: Any
    """The decoded body, or None when there was none or it was not JSON."""
