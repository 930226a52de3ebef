"""Embeddings: the same text to the same model is always the same vector, on every machine.

Vectors are of length 1 and say nothing about meaning: similar texts are as far apart as any others.
"""

from __future__ import annotations

import base64
import hashlib
import math
import struct
from array import array
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from seatrial.fakes.openai import parameters, tokens, usage
from seatrial.fakes.openai.refusals import Refused
from seatrial.fakes.request import Unserved

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from seatrial.fakes.openai.speaker import Speaker
    from seatrial.fakes.request import Request

_DIMENSIONS = 1536
_MOST_DIMENSIONS = {
    "text-embedding-3-large": 3072,
    "text-embedding-3-small": _DIMENSIONS,
    "text-embedding-ada-002": _DIMENSIONS,
}
_UNALTERABLE = "text-embedding-ada-002"
_MOST_INPUTS = 2048
_HALF = 2**31
_BYTES = 4

Input = str | list[int]


async def embed(_fake: Speaker, request: Request, _named: str) -> Response:
    """Answer `POST /v1/embeddings`."""
    body = parameters.check(request.json, required=("model", "input"))
    lacking = parameters.lacking(body, parameters.EMBEDDINGS)
    if lacking:
        raise Unserved(f"{request.method} {request.path} with {', '.join(lacking)}")
    inputs = _inputs(body["input"])
    dimensions = _dimensions(body)
    encode = _encoding(body)
    data = [
        {
            "object": "embedding",
            "index": index,
            "embedding": encode(vector(given, model=body["model"], dimensions=dimensions)),
        }
        for index, given in enumerate(inputs)
    ]
    given = sum(tokens.count(item) if isinstance(item, str) else len(item) for item in inputs)
    return JSONResponse(
        {"object": "list", "data": data, "model": body["model"], "usage": usage.of_embeddings(given)}
    )


def vector(given: Input, *, model: str, dimensions: int) -> array[float]:
    """The embedding of a text or of tokens: 32-bit floats of length 1.

    Fewer dimensions are the beginning of more, brought to length 1 again, as in the real models.
    """
    seed = f"{model}\0{given!r}".encode()
    stream = hashlib.shake_256(seed).digest(dimensions * _BYTES)
    raw = [
        int.from_bytes(stream[start : start + _BYTES], "little") / _HALF - 1
        for start in range(0, len(stream), _BYTES)
    ]
    length = math.sqrt(math.fsum(value * value for value in raw))
    return array("f", [value / length for value in raw])


def _inputs(given: Any) -> list[Input]:
    inputs = given if isinstance(given, list) and not _are_tokens(given) else [given]
    if len(inputs) > _MOST_INPUTS:
        raise Refused(f"Invalid 'input': array too long, at most {_MOST_INPUTS} are allowed.", param="input")
    if not inputs or not all(item and (isinstance(item, str) or _are_tokens(item)) for item in inputs):
        message = "Invalid 'input': expected a text or tokens that are not empty, or an array of such."
        raise Refused(message, param="input")
    return inputs


def _are_tokens(item: Any) -> bool:
    return (
        isinstance(item, list)
        and bool(item)
        and all(isinstance(token, int) and not isinstance(token, bool) for token in item)
    )


def _dimensions(body: Mapping[str, Any]) -> int:
    model, wanted = body["model"], body.get("dimensions")
    most = _MOST_DIMENSIONS.get(model)
    if wanted is None:
        return most or _DIMENSIONS
    if model == _UNALTERABLE:
        raise Refused("This model does not support specifying dimensions.", param="dimensions")
    whole = isinstance(wanted, int) and not isinstance(wanted, bool)
    if not whole or wanted < 1 or (most is not None and wanted > most):
        limit = "1 or more" if most is None else f"from 1 to {most}"
        message = f"Invalid value for 'dimensions' = {wanted}. Must be {limit} for {model}."
        raise Refused(message, param="dimensions")
    return int(wanted)


def _encoding(body: Mapping[str, Any]) -> Any:
    wanted = body.get("encoding_format", "float")
    if wanted == "base64":
        return _encoded
    if wanted == "float":
        return list
    message = f"Invalid value: {wanted!r}. Supported values are: 'float' and 'base64'."
    raise Refused(message, param="encoding_format", code="invalid_value")


def _encoded(values: array[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode("ascii")
