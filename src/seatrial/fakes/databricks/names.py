"""Names of Unity Catalog: three levels, any case, and what may not be in them."""

from __future__ import annotations

import re

from seatrial.errors import FakeError

_FORBIDDEN = re.compile(r"[./ \x00-\x1f\x7f]")
_MOST = 255
_LEVELS = ("catalog", "schema", "table")


def split(full: str) -> tuple[str, ...]:
    """The parts of a full name: `main.sales.customers`, with backticks or without them."""
    parts: list[str] = []
    rest = full
    while rest:
        match = re.match(r"`((?:[^`]|``)*)`(?:\.|$)|([^.]*)(?:\.|$)", rest)
        if match is None:
            return (full,)
        parts.append(match[1].replace("``", "`") if match[1] is not None else match[2])
        rest = rest[match.end() :]
    return tuple(part.lower() for part in parts)


def canonical(full: str) -> str:
    """A full name as the store knows it: in lower case, without backticks."""
    return ".".join(split(full))


def problem(name: str) -> str | None:
    """Why Unity Catalog would not take this name; None if it would."""
    if not name:
        return "it is empty"
    if len(name) > _MOST:
        return f"it is longer than {_MOST} characters"
    found = _FORBIDDEN.search(name)
    return f"it contains {found[0]!r}" if found else None


def check(name: object, *, kind: str) -> str:
    """A name that a test gives, in lower case as Unity Catalog keeps it.

    Raises:
        FakeError: Unity Catalog would not take it.
    """
    why = problem(name) if isinstance(name, str) else f"it is of the type {type(name).__name__}"
    if why is not None:
        raise FakeError(
            f"A {kind} expects a name that Unity Catalog takes, found {name!r}: {why}.",
            code="fakes.databricks-name",
            remedy="Names hold no dot, space, slash or control character; one level at a time: "
            'fakes.databricks.catalog("main").schema("sales").table("customers", ...).',
        )
    return str(name).lower()


def kind_of(full: str) -> str:
    """`catalog`, `schema` or `table`, by the number of levels.

    Raises:
        FakeError: there are none, or more than three.
    """
    levels = len(split(full))
    if not 1 <= levels <= len(_LEVELS):
        raise FakeError(
            f"A name of Unity Catalog has one to three levels, found {full!r}.",
            code="fakes.databricks-name",
            remedy='Write "main", "main.sales" or "main.sales.customers".',
        )
    return _LEVELS[levels - 1]
