"""What the server calls an error, whatever library wraps it."""

from __future__ import annotations

_NAMES = ("sqlstate", "pgcode")


def sqlstate_of(error: BaseException | None) -> str | None:
    """The SQLSTATE of a driver's error, SQLAlchemy's around it, or one raised `from` these; else None."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        for holder in (error, getattr(error, "orig", None)):
            for name in _NAMES:
                code = getattr(holder, name, None)
                if isinstance(code, str) and code:
                    return code
        error = error.__cause__
    return None


def named(error: BaseException) -> str:
    """An error in one line: its SQLSTATE where it has one, its type and the first line it says."""
    code = sqlstate_of(error)
    text = str(error).strip().partition("\n")[0]
    return f"{code + ' ' if code else ''}{type(error).__name__}: {text}"
