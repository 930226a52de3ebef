"""Invocations: of foundation models in the style of OpenAI, of the team's own models with data frames."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from seatrial.fakes.databricks.refusals import Refused, error_body
from seatrial.fakes.databricks.serving.endpoint import CHAT, COMPLETIONS, EMBEDDINGS
from seatrial.fakes.databricks.serving.inputs import checked_inputs
from seatrial.fakes.databricks.serving.listing import find
from seatrial.fakes.openai import chat, completions, embeddings
from seatrial.fakes.openai.refusals import Forbidden, Refused as RefusedByModel
from seatrial.fakes.threads import in_thread

if TYPE_CHECKING:
    from starlette.responses import Response

    from seatrial.fakes.databricks.asking import Asking
    from seatrial.fakes.databricks.serving.endpoint import Endpoint

_SPOKEN = {CHAT: chat.complete_chat, COMPLETIONS: completions.complete_text, EMBEDDINGS: embeddings.embed}
_NOT_READY = (
    "The given endpoint does not exist, please retry after checking the specified model and version "
    "deployment exists."
)


async def invoke(asking: Asking) -> Response:
    """`POST /serving-endpoints/{name}/invocations`."""
    with asking.fake.space.lock:
        endpoint = find(asking, "Query")
    if not endpoint.ready:
        raise Refused(_NOT_READY, status=404, code="RESOURCE_DOES_NOT_EXIST")
    response = await (
        _predict(asking, endpoint) if endpoint.task is None else _speak(asking, endpoint, endpoint.task)
    )
    response.headers["served-model-name"] = endpoint.served_name
    return response


async def speak(asking: Asking, *, task: str) -> Response:
    """`POST /serving-endpoints/chat/completions` and its like, where `model` is the name of the endpoint."""
    name = asking.body.get("model")
    if not isinstance(name, str) or not name:
        raise Refused("Missing required field: model", status=400, code="BAD_REQUEST")
    found = replace(asking, params={"name": name})
    with asking.fake.space.lock:
        endpoint = find(found, "Query")
    if endpoint.task != task:
        raise Refused(f"Endpoint {name} does not support the task {task}", status=400, code="BAD_REQUEST")
    return await invoke(found)


chats = partial(speak, task=CHAT)
completes = partial(speak, task=COMPLETIONS)
embeds = partial(speak, task=EMBEDDINGS)


async def _speak(asking: Asking, endpoint: Endpoint, task: str) -> Response:
    body = json.dumps({**asking.body, "model": endpoint.name}).encode()
    control = asking.fake.endpoints[endpoint.name]
    try:
        return await _SPOKEN[task](control, replace(asking.request, body=body), "")
    except RefusedByModel as refused:
        return JSONResponse(error_body(refused.message, code="BAD_REQUEST"), 400)
    except Forbidden as forbidden:
        asking.fake.note_problem(f"{forbidden} (endpoint {endpoint.name})")
        return JSONResponse(error_body(str(forbidden), code="INTERNAL_ERROR"), 500)


async def _predict(asking: Asking, endpoint: Endpoint) -> Response:
    inputs = checked_inputs(asking.body, endpoint)
    scripted, predictions = asking.fake.endpoints[endpoint.name].take_prediction()
    if not scripted:
        if endpoint.predict is None:
            raise asking.unserved(
                "without a prediction: give the endpoint predict=, or script "
                f"fakes.{asking.fake.name}.endpoints[{endpoint.name!r}].predict(...)"
            )
        try:
            predictions = await in_thread(endpoint.predict, inputs)
        except ValueError as error:
            # As MLflow tells what the model itself does not take.
            raise Refused(
                f"Encountered an unexpected error while evaluating the model. Error: {error}",
                status=400,
                code="BAD_REQUEST",
            ) from error
    return JSONResponse({"predictions": predictions})
