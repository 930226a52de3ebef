"""Lists of a collection: filters, pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seatrial.fakes.http.matching import as_text
from seatrial.fakes.request import Request, Unserved

if TYPE_CHECKING:
    from seatrial.fakes.http.collection import Row

_PAGING = ("limit", "offset", "cursor")


class BadPage(Exception):  # noqa: N818 - answered with a 400
    """A parameter of paging is no number, or its row is not there."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """A part of the rows that a request asked for.

    Attributes:
        rows: those of this page.
        total: how many all pages have.
        next_cursor: what `cursor` of the next request has to be; None on the last page.
    """

    rows: list[Row]
    total: int
    next_cursor: str | None


def page(rows: list[Row], request: Request, *, key: str) -> Page:
    """Filter by every parameter that is a field, then cut by `limit` and `offset` or `cursor`.

    Raises:
        BadPage: a parameter of paging is wrong.
        Unserved: a parameter is no field of any row: a service would not just ignore it.
    """
    filters = {name: values for name, values in request.query.items() if name not in _PAGING}
    for name in filters:
        if rows and not any(name in row for row in rows):
            raise Unserved(
                f"{request.method} {request.path} with the parameter {name!r}, which no row has as a field"
            )
    kept = [row for row in rows if all(_in(row, name, values) for name, values in filters.items())]
    start = _start(kept, request, key)
    limit = _number(request, "limit", least=1)
    end = len(kept) if limit is None else start + limit
    more = end < len(kept)
    return Page(rows=kept[start:end], total=len(kept), next_cursor=str(kept[end - 1][key]) if more else None)


def _in(row: Row, name: str, values: list[str]) -> bool:
    return name in row and as_text(row[name]) in values


def _start(rows: list[Row], request: Request, key: str) -> int:
    offset = _number(request, "offset", least=0) or 0
    cursor: Any = request.query.get("cursor")
    if cursor is None:
        return offset
    places = [place for place, row in enumerate(rows) if str(row[key]) == cursor[-1]]
    if not places:
        raise BadPage("no row is at this cursor")
    return places[0] + 1


def _number(request: Request, name: str, *, least: int) -> int | None:
    values = request.query.get(name)
    if values is None:
        return None
    if not values[-1].isdecimal() or int(values[-1]) < least:
        raise BadPage(f"{name} has to be a number, {least} or more")
    return int(values[-1])
