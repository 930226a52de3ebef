"""External links: a chunk of a result as a file, for whoever has its address, for fifteen minutes."""

from __future__ import annotations

import hashlib
import hmac
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from seatrial.fakes.databricks import paging
from seatrial.fakes.databricks.people.oauth import origin

if TYPE_CHECKING:
    from seatrial.fakes.databricks.asking import Asking
    from seatrial.fakes.databricks.fake import DatabricksFake
    from seatrial.fakes.databricks.statements.statement import Statement
    from seatrial.fakes.request import Request

PATH = "/seatrial/results"
_LIFE_S = 15 * 60
_KINDS = {"JSON_ARRAY": "application/json", "CSV": "text/csv"}


def link(asking: Asking, statement: Statement, index: int) -> dict[str, Any]:
    """The address of a chunk, and until when it is one."""
    until = int(time.time()) + _LIFE_S
    signature = _sign(asking.fake, statement.id, index, until)
    path = f"{PATH}/{statement.id}/{index}?until={until}&signature={signature}"
    expiration = datetime.fromtimestamp(until, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"external_link": f"{origin(asking.request)}{path}", "expiration": expiration}


async def fetch(fake: DatabricksFake, request: Request) -> Response:
    """`GET` on such an address: without a token, as with the storage of the service."""
    *_, identifier, number = request.path.split("/")
    until = paging.first(request, "until") or "0"
    if "authorization" in request.headers:
        return _refusal(400, "InvalidRequest: an external link takes no Authorization header")
    index = int(number) if number.isdecimal() else -1
    limit = int(until) if until.isdecimal() else 0
    given = paging.first(request, "signature") or ""
    if not hmac.compare_digest(given.encode(), _sign(fake, identifier, index, limit).encode()):
        return _refusal(403, "SignatureDoesNotMatch")
    statement = fake.statements.find(identifier)
    if limit <= time.time():
        return _refusal(403, "AccessDenied: Request has expired")
    if statement is None or statement.chunks is None or index >= statement.chunks.count:
        return _refusal(404, "NoSuchKey")
    return Response(statement.chunks.encoded(index), media_type=_KINDS[statement.submission.format])


def _sign(fake: DatabricksFake, identifier: str, index: int, until: int) -> str:
    return hmac.new(fake.key, f"{identifier}/{index}/{until}".encode(), hashlib.sha256).hexdigest()


def _refusal(status: int, text: str) -> Response:
    return Response(f"<Error><Code>{text}</Code></Error>", status, media_type="application/xml")
