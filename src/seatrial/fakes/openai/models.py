"""The models of this fake. Completions accept any name; here are those that can be asked about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from seatrial.fakes.openai.refusals import Refused

if TYPE_CHECKING:
    from starlette.responses import Response

    from seatrial.fakes.openai.fake import OpenAIFake
    from seatrial.fakes.request import Request

MODELS = (
    "gpt-4o",
    "gpt-4o-mini",
    "text-embedding-3-large",
    "text-embedding-3-small",
    "text-embedding-ada-002",
)


async def list_models(_fake: OpenAIFake, _request: Request, _named: str) -> Response:
    """Answer `GET /v1/models`."""
    return JSONResponse({"object": "list", "data": [_model(name) for name in MODELS]})


async def find_model(_fake: OpenAIFake, _request: Request, named: str) -> Response:
    """Answer `GET /v1/models/<name>`."""
    if named not in MODELS:
        message = f"The model '{named}' does not exist or you do not have access to it."
        raise Refused(message, status=404, param="model", code="model_not_found")
    return JSONResponse(_model(named))


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "seatrial"}
