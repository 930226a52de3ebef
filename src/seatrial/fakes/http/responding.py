"""From an answer to what Starlette sends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response, StreamingResponse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from seatrial.fakes.http.answers import Answer


def response(answer: Answer) -> Response:
    """The answer, in one piece or as a stream of its pieces."""
    headers = dict(answer.headers)
    if len(answer.pieces) > 1:
        return StreamingResponse(_each(answer.pieces), answer.status, headers)
    return Response(answer.body, answer.status, headers)


async def _each(pieces: Sequence[bytes]) -> AsyncIterator[bytes]:
    # Starlette would read a plain iterator in a pool of threads.
    for piece in pieces:
        yield piece
