"""Execute, poll, fetch, cancel: the routes of statement execution."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from seatrial.fakes.databricks.refusals import Refused, denied, invalid
from seatrial.fakes.databricks.statements import links, submission, warehouse
from seatrial.fakes.databricks.statements.statement import Statement

if TYPE_CHECKING:
    from starlette.responses import Response

    from seatrial.fakes.databricks.asking import Asking
    from seatrial.fakes.databricks.statements.submission import Submission


async def execute(asking: Asking) -> Response:
    """`POST /api/2.0/sql/statements`: run it and wait as long as the request says."""
    asked = _without_arrow(asking, submission.read(asking.body))
    with asking.fake.space.lock:
        warehouse.find(asking, asked.warehouse)
    statement = Statement(owner=asking.caller.name, submission=asked)
    asking.fake.statements.start(statement, asking.caller)
    work = statement.work
    # What is told to take polls is not waited for: no test has to sit through a timeout.
    if work is not None and asked.wait and not statement.polls:
        await asyncio.wait({work}, timeout=asked.wait)
    if asked.wait and asked.cancels and statement.seen in {"PENDING", "RUNNING"}:
        asking.fake.statements.cancel(statement)
    return JSONResponse(described(asking, statement))


async def get(asking: Asking) -> Response:
    """`GET /api/2.0/sql/statements/{id}`: how it stands, with the first rows once it is over."""
    statement = find(asking)
    if statement.polls:
        statement.polls -= 1
        if not statement.polls and statement.work is not None:
            await asyncio.wait({statement.work})
    return JSONResponse(described(asking, statement))


async def get_chunk(asking: Asking) -> Response:
    """`GET /api/2.0/sql/statements/{id}/result/chunks/{index}`."""
    statement = find(asking)
    if statement.seen != "SUCCEEDED" or statement.chunks is None:
        raise Refused(
            f"The statement {statement.id} has no result: its state is {statement.seen}.",
            status=400,
            code="INVALID_STATE",
        )
    text = asking.params["index"]
    if not text.isdecimal() or int(text) >= statement.chunks.count:
        raise invalid(f"Invalid chunk index {text}: the result has {statement.chunks.count} chunks")
    return JSONResponse(_chunk(asking, statement, int(text)))


async def cancel(asking: Asking) -> Response:
    """`POST /api/2.0/sql/statements/{id}/cancel`: one that is over stays as it is."""
    asking.fake.statements.cancel(find(asking))
    return JSONResponse({})


async def close(asking: Asking) -> Response:
    """`DELETE /api/2.0/sql/statements/{id}`: its result is gone, as the SQL connector wants it."""
    statement = find(asking)
    asking.fake.statements.cancel(statement)
    statement.state, statement.polls, statement.chunks = "CLOSED", 0, None
    return JSONResponse({})


def _without_arrow(asking: Asking, asked: Submission) -> Submission:
    """The same in JSON, where the SQL connector asks: it takes what it gets, whatever it has asked for."""
    if asked.format != "ARROW_STREAM":
        return asked
    if asked.session is None:
        raise asking.unserved("with results in Arrow")
    return replace(asked, format="JSON_ARRAY", external=False)


def find(asking: Asking) -> Statement:
    """The statement that the path names, if it is the caller's.

    Raises:
        Refused: there is none, or it is somebody else's.
    """
    identifier = asking.params["id"]
    statement = asking.fake.statements.find(identifier)
    if statement is None:
        message = f"The statement {identifier} was not found."
        raise Refused(message, status=404, code="RESOURCE_DOES_NOT_EXIST")
    if statement.owner != asking.caller.name and not asking.caller.admin:
        raise denied(f"User does not have permission to see the statement {identifier}.")
    return statement


def described(asking: Asking, statement: Statement) -> dict[str, Any]:
    """What the API answers about a statement."""
    if statement.lacking is not None:
        raise asking.unserved(statement.lacking)
    body: dict[str, Any] = {"statement_id": statement.id, "status": statement.status()}
    if statement.seen == "SUCCEEDED" and statement.chunks is not None:
        body["manifest"] = statement.chunks.manifest()
        body["result"] = _chunk(asking, statement, 0) if statement.chunks.count else {}
    return body


def _chunk(asking: Asking, statement: Statement, index: int) -> dict[str, Any]:
    chunks = statement.chunks
    if chunks is None:  # pragma: no cover - asked of results only
        return {}
    piece = chunks.piece(index, statement=statement.id)
    if statement.submission.external:
        return {"external_links": [{**piece, **links.link(asking, statement, index)}]}
    rows = list(chunks.rows(index))
    return {**piece, "data_array": rows} if rows else piece
