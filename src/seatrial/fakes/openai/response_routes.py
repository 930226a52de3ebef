"""Stored responses: retrieve, delete, and the input they were made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from seatrial.fakes.openai.refusals import Refused
from seatrial.fakes.request import Unserved

if TYPE_CHECKING:
    from starlette.responses import Response

    from seatrial.fakes.openai.fake import OpenAIFake
    from seatrial.fakes.openai.response_store import Stored
    from seatrial.fakes.request import Request

_PAGE = 20
_MOST = 100


async def retrieve_response(fake: OpenAIFake, request: Request, named: str) -> Response:
    """Answer `GET /v1/responses/<id>`."""
    _refuse_query(request, known=())
    return JSONResponse(_found(fake.responses.find(named), named).body)


async def delete_response(fake: OpenAIFake, _request: Request, named: str) -> Response:
    """Answer `DELETE /v1/responses/<id>`."""
    _found(fake.responses.remove(named), named)
    return JSONResponse({"id": named, "object": "response", "deleted": True})


async def list_input_items(fake: OpenAIFake, request: Request, named: str) -> Response:
    """Answer `GET /v1/responses/<id>/input_items`: those of the response's own request."""
    _refuse_query(request, known=("limit", "order", "after"))
    data = list(_found(fake.responses.find(named), named).given)
    if _last(request, "order") != "asc":
        data.reverse()
    ids = [item["id"] for item in data]
    after = _last(request, "after")
    start = ids.index(after) + 1 if after in ids else 0
    page = data[start : start + _limit(request)]
    return JSONResponse(
        {
            "object": "list",
            "data": page,
            "first_id": page[0]["id"] if page else None,
            "last_id": page[-1]["id"] if page else None,
            "has_more": start + len(page) < len(data),
        }
    )


def _found(stored: Stored | None, named: str) -> Stored:
    if stored is None:
        raise Refused(f"Response with id '{named}' not found.", status=404)
    return stored


def _refuse_query(request: Request, *, known: tuple[str, ...]) -> None:
    lacking = sorted(set(request.query) - set(known))
    if lacking:
        raise Unserved(f"{request.method} {request.path} with {', '.join(lacking)}")


def _limit(request: Request) -> int:
    wanted = _last(request, "limit") or str(_PAGE)
    if not (wanted.isdecimal() and 1 <= int(wanted) <= _MOST):
        raise Refused(f"Invalid 'limit': expected a value from 1 to {_MOST}.", param="limit")
    return int(wanted)


def _last(request: Request, name: str) -> Any:
    return request.query.get(name, [None])[-1]
