"""Lines and branches in the shortest form that a person can look up."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_SHOWN = 20


def lines_text(lines: Collection[int]) -> str:
    """Lines with neighbours taken together.

    >>> lines_text([3, 4, 5, 9])
    '3-5, 9'
    """
    ranges: list[list[int]] = []
    for line in sorted(lines):
        if ranges and line == ranges[-1][1] + 1:
            ranges[-1][1] = line
        else:
            ranges.append([line, line])
    return _listed([str(first) if first == last else f"{first}-{last}" for first, last in ranges])


def branches_text(branches: Sequence[tuple[int, int]], *, unreached: Collection[int] = ()) -> str:
    """Branches from line to line; those that begin in a line that never ran are only counted.

    >>> branches_text([(3, 4), (7, -1), (20, 21)], unreached={20})
    '3 -> 4, 7 -> end, and 1 from lines that never ran'
    """
    reached = [branch for branch in sorted(branches) if branch[0] not in unreached]
    parts = [f"{start} -> {end if end > 0 else 'end'}" for start, end in reached]
    rest = len(branches) - len(reached)
    if not rest:
        return _listed(parts)
    tail = f"{rest} from lines that never ran"
    return f"{_listed(parts)}, and {tail}" if parts else tail


def _listed(parts: Sequence[str]) -> str:
    more = f" and {len(parts) - _SHOWN} more" if len(parts) > _SHOWN else ""
    return ", ".join(parts[:_SHOWN]) + more
