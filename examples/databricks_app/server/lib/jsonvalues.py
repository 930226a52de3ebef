"""Which JSON values can be stored, sent on and read back."""

import json
import math
from typing import Any

DEEPEST = 64
"""Levels of nesting. What writes answers gives up at some hundreds."""
LARGEST_INTEGER_BITS = 4096


class Unreadable:
    """Stands for a stored value that this process cannot hold."""


UNREADABLE = Unreadable()


def parsed(text: str) -> Any:
    """A value from jsonb, which takes numbers of any size: one that Python refuses is `UNREADABLE`."""
    try:
        return json.loads(text, parse_float=_finite)
    except (ValueError, RecursionError):
        return UNREADABLE


def readable(value: Any) -> Any:
    """A stored value, or null for an unreadable one."""
    return None if value is UNREADABLE else value


def storable(value: Any, *, largest: int) -> Any:
    """The value, if it can be kept.

    Raises:
        ValueError: it is larger than `largest` bytes of JSON, too deep, or holds what jsonb cannot.
    """
    _check_parts(value)
    size = len(json.dumps(value, ensure_ascii=False).encode())
    if size > largest:
        raise ValueError(f"expected at most {largest} bytes of JSON, found {size}")
    return value


def cleaned(value: Any) -> Any:
    """The value with null for numbers that JSON has no name for, and without characters that jsonb refuses.

    Raises:
        ValueError: it is too deep.
    """
    return _cleaned(value, 0)


def _cleaned(value: Any, depth: int) -> Any:
    if depth > DEEPEST:
        raise ValueError(f"expected at most {DEEPEST} levels")
    if isinstance(value, dict):
        return {_cleaned(key, depth): _cleaned(part, depth + 1) for key, part in value.items()}
    if isinstance(value, list):
        return [_cleaned(part, depth + 1) for part in value]
    if isinstance(value, str):
        return value.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _check_parts(value: Any) -> None:
    # Not recursive: how deep it goes is for the caller to choose.
    level, depth = [value], 0
    while level:
        for part in level:
            _check(part)
        if depth == DEEPEST and any(isinstance(part, dict | list) for part in level):
            raise ValueError(f"expected at most {DEEPEST} levels")
        level = [inner for part in level for inner in _inside(part)]
        depth += 1


def _inside(part: Any) -> list[Any]:
    if isinstance(part, dict):
        return [*part, *part.values()]
    return part if isinstance(part, list) else []


def _check(part: Any) -> None:
    if isinstance(part, str):
        _check_text(part)
    elif isinstance(part, float) and not math.isfinite(part):
        raise ValueError(f"expected a number, found {part}")
    elif isinstance(part, int) and part.bit_length() > LARGEST_INTEGER_BITS:
        raise ValueError("expected a number of fewer digits")


def _check_text(text: str) -> None:
    if "\0" in text:
        raise ValueError("expected text without the character NUL")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("expected text without half characters") from None


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number
