"""Lists in pages: `max_results`, `page_token`, `next_page_token`."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any

from seatrial.fakes.databricks.refusals import invalid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seatrial.fakes.request import Request

Rows = list[dict[str, Any]]


def page(request: Request, rows: Sequence[Mapping[str, Any]], *, size: int, key: str) -> dict[str, Any]:
    """One page of a list, as the body of an answer; empty lists are left out, as the service does.

    Args:
        request: with `max_results` (0: as many as the service likes, none: all) and `page_token`.
        rows: the whole list, in a stable order, each with its `full_name` or `name`.
        size: the most rows of a page.
        key: what the list is called in the answer.

    Raises:
        Refused: a parameter is wrong, or the token belongs to another list.
    """
    wanted = _max_results(request)
    token = first(request, "page_token")
    if wanted is None and not token:
        return {key: list(rows)} if rows else {}
    length = min(wanted or size, size)
    start = _start(token, key, rows) if token else 0
    found = rows[start : start + length]
    body: dict[str, Any] = {key: list(found)} if found else {}
    if start + length < len(rows):
        body["next_page_token"] = _token(key, found[-1])
    return body


def first(request: Request, name: str) -> str | None:
    """The value of a parameter of the query; None where it is not given or empty."""
    values = request.query.get(name, [])
    return values[0] if values and values[0] else None


def required(request: Request, name: str) -> str:
    """The value of a parameter that the route cannot do without.

    Raises:
        Refused: it is not given.
    """
    value = first(request, name)
    if value is None:
        raise invalid(f"Missing required field: {name}")
    return value


def _max_results(request: Request) -> int | None:
    text = first(request, "max_results")
    if text is None:
        return None
    if not text.lstrip("-").isdecimal():
        raise invalid(f"Invalid value for max_results: {text!r} is no integer")
    number = int(text)
    if number < 0:
        raise invalid(f"Invalid value for max_results: {number}; expected 0 or more")
    return number


def _name(row: Mapping[str, Any]) -> str:
    return str(row.get("full_name") or row.get("name"))


def _token(key: str, last: Mapping[str, Any]) -> str:
    # By name, not by number: rows that come or go between two pages shift nothing.
    return base64.urlsafe_b64encode(json.dumps([key, _name(last)]).encode()).decode()


def _start(token: str, key: str, rows: Sequence[Mapping[str, Any]]) -> int:
    try:
        kind, last = json.loads(base64.urlsafe_b64decode(token.encode()))
    except (ValueError, binascii.Error, TypeError) as error:
        raise invalid("Invalid page token") from error
    if kind != key:
        raise invalid("Invalid page token")
    return sum(1 for row in rows if _name(row) <= last)
