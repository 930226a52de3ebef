"""Help with a mistyped name: the nearest valid one, and the whole list."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def nearest(name: str, valid: Iterable[str]) -> str | None:
    """Return the valid name closest to `name`, or None when nothing is close."""
    # difflib costs milliseconds and is needed only when something is already wrong.
    from difflib import get_close_matches  # noqa: PLC0415

    by_folded = {choice.lower(): choice for choice in valid}
    close = get_close_matches(name.lower(), by_folded, n=1, cutoff=0.5)
    return by_folded[close[0]] if close else None


def suggest(name: str, valid: Iterable[str], *, none: str = "nothing is declared") -> str:
    """Return a sentence such as `Did you mean 'x'? Valid: x, y.`, or `none` when nothing is valid."""
    names = sorted(valid)
    if not names:
        return f"{none[:1].upper()}{none[1:]}."
    close = nearest(name, names)
    question = f"Did you mean {close!r}? " if close else ""
    return f"{question}Valid: {', '.join(names)}."
