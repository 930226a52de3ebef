"""What many tests do or read; plain functions over seatrial's clients."""

from contextlib import asynccontextmanager

import httpx2

from server.main import create_app
from server.settings import Settings

PREFERENCES = "/api/lakebase/preferences"
QUERY = "/api/unity-catalog/query"
INVOKE = "/api/model-serving/invoke"
LOGS = "/api/model-serving/logs"
ENDPOINTS = "/api/model-serving/endpoints"
ME = "/api/user/me"


def patient(caller):
    """The same client. On a machine that is busy with something else an answer is late, and still right."""
    caller.timeout = 60
    return caller


def refusal(response):
    """Check the envelope of an error; returns what identifies it: status and code."""
    assert response.is_error, f"{response.request.method} {response.url} was not refused: {response.text}"
    detail = response.json()["detail"]
    assert (
        {"error_code", "message", "retry_after"}
        <= set(detail)
        <= {"error_code", "message", "retry_after", "field"}
    )
    assert detail["message"]
    # What may succeed later says when; everything else says that it is no use.
    assert (detail["retry_after"] is not None) == (response.status_code == 503), detail
    assert response.headers.get("Retry-After") == (
        str(detail["retry_after"]) if detail["retry_after"] else None
    )
    return response.status_code, detail["error_code"]


def invalid_field(response, code):
    """Check that an error is about what was sent; returns the field it names."""
    assert refusal(response) == (400, code)
    detail = response.json()["detail"]
    assert detail["message"].startswith(f"{detail['field']}: ")
    return detail["field"]


def save(caller, key, value):
    """Store a preference; returns what was answered."""
    saved = caller.post(PREFERENCES, json={"preference_key": key, "preference_value": value})
    assert saved.status_code == 201, saved.text
    return saved.json()


def stored(caller):
    """All preferences of a caller: key -> value, in their order."""
    answered = caller.get(PREFERENCES, params={"limit": 200})
    assert answered.status_code == 200, answered.text
    return {each["preference_key"]: each["preference_value"] for each in answered.json()}


def invoke(caller, endpoint, inputs, **more):
    """Ask a model; returns what was answered."""
    answered = caller.post(INVOKE, json={"endpoint_name": endpoint, "inputs": inputs, **more})
    assert answered.status_code == 200, answered.text
    return answered.json()


def chat(text):
    """Inputs of a foundation model."""
    return {"messages": [{"role": "user", "content": text}]}


def user_id(caller):
    """The id by which the workspace knows a caller."""
    answered = caller.get(ME)
    assert answered.status_code == 200, answered.text
    return answered.json()["user_id"]


def pages(caller, path, *, limit, key=None, **parameters):
    """Every row of a list, page by page, until one is empty."""
    rows, offset = [], 0
    while True:
        answered = caller.get(path, params={**parameters, "limit": limit, "offset": offset})
        assert answered.status_code == 200, answered.text
        page = answered.json()[key] if key else answered.json()
        assert len(page) <= limit
        if not page:
            return rows
        rows += page
        offset += limit


@asynccontextmanager
async def another_application(caller=None, **changes):
    """A second process' worth of the application, with other settings; gives a client with these headers."""
    app = create_app(Settings(**changes))
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app), base_url="http://another", headers=caller, timeout=60
        ) as client,
    ):
        yield client
