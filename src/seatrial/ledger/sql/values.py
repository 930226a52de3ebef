"""Telling sets of values apart without recording them."""

from __future__ import annotations

import os
from typing import Any

# Not known outside of this process, so that nobody can try which values give a number.
_SALT = os.urandom(16)


def told_apart(values: Any) -> str | None:
    """A number for a set of values: in one process, equal sets have equal ones; None for no values.

    Nothing can be read from it, and it means nothing in another process.
    """
    if not hasattr(values, "__len__") or not len(values):
        return None
    try:
        plain = tuple(values.items()) if isinstance(values, dict) else tuple(values)
        return f"{_hashed(plain) & 0xFFFFFFFF:08x}"
    except Exception:  # noqa: BLE001 - whatever objects of others raise, their statement goes on
        return None


def _hashed(plain: tuple[Any, ...]) -> int:
    try:
        return hash((_SALT, plain))
    except TypeError:  # lists and dictionaries among them
        return hash((_SALT, repr(plain)))
