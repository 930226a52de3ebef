"""The rows behind a difference, for people."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    import psycopg

    from seatrial.postgres.isolation.comparison.sources import Source

_READ_AT_MOST = 20_000
_SHOWN = 3
_WIDTH = 160


def kept_lines(here: tuple[str, ...] | None, there: tuple[str, ...] | None) -> str | None:
    """What only one of two kept lists holds; None where they were not kept."""
    if here is None and there is None:
        return None
    return _both(Counter(here or ()), Counter(there or ()))


def sampled(source: Source, connection: psycopg.Connection[Any], mirror: psycopg.Connection[Any]) -> str:
    """Read a source from both sides, and say what only one of them holds; empty when it is too large."""
    here, there = _read(source, connection), _read(source, mirror)
    if here is None or there is None:
        return ""
    only_here, only_there = here - there, there - here
    if source.what == "null":
        return _both(_lines(only_here), _lines(only_there))
    return _objects(only_here, only_there)


_Row = tuple[str | None, str, str]


def _read(source: Source, connection: psycopg.Connection[Any]) -> Counter[_Row] | None:
    statement = f"set local search_path = ''; {source.rows(limit=_READ_AT_MOST + 1)}"
    cursor = connection.execute(statement.encode())
    cursor.nextset()
    rows = cursor.fetchall()
    return Counter(map(tuple, rows)) if len(rows) <= _READ_AT_MOST else None


def _lines(rows: Counter[_Row]) -> Counter[str]:
    return Counter(line for _, _, line in rows.elements())


def _objects(here: Counter[_Row], there: Counter[_Row]) -> str:
    """Name the objects of catalogue rows; where an object is on both sides, the fields that differ."""
    mine = {what or line: fields for what, fields, line in here}
    theirs = {what or line: fields for what, fields, line in there}
    parts = [
        f"{what}: {_fields(json.loads(mine[what]), json.loads(theirs[what]))}"
        for what in mine.keys() & theirs.keys()
    ]
    parts += _part("only here", mine.keys() - theirs.keys())
    parts += _part("only in the baseline", theirs.keys() - mine.keys())
    return "; ".join(sorted(parts))


def _fields(here: dict[str, Any], there: dict[str, Any]) -> str:
    return ", ".join(
        f"{name} {_short(here[name])}, expected {_short(there.get(name))}"
        for name in here
        if here[name] != there.get(name)
    )


def _both(here: Counter[str], there: Counter[str]) -> str:
    parts = _part("only here", (here - there).elements())
    parts += _part("only in the baseline", (there - here).elements())
    return "; ".join(parts)


def _part(title: str, lines: Iterable[str]) -> list[str]:
    found = sorted(lines)
    if not found:
        return []
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return [f"{title}: {', '.join(map(_short, found[:_SHOWN]))}{more}"]


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]}..."
