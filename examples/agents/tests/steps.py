"""What many tests do or read; plain functions over seatrial's clients."""

from contextlib import asynccontextmanager

import httpx2

from agents.main import create_app
from agents.settings import Settings

TENANT_A = "12345678-1234-5678-1234-567812345678"
TENANT_B = "87654321-4321-8765-4321-876543218765"
USER_IDS = {
    "admin_a": "a0000000-0000-4000-8000-000000000001",
    "operator_a": "a0000000-0000-4000-8000-000000000002",
    "viewer_a": "a0000000-0000-4000-8000-000000000003",
    "admin_b": "b0000000-0000-4000-8000-000000000001",
}
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"


def start_conversation(client, user, title="A plan"):
    """Start a conversation as a user; returns its id."""
    created = client.as_user(user).post("/api/v1/conversations", json={"title": title})
    assert created.status_code == 201
    return created.json()["id"]


def refusal(response):
    """Check the envelope of an error; returns what identifies it: status and code."""
    assert response.is_error, f"{response.request.method} {response.url} was not refused"
    error = response.json()["error"]
    assert error["request_id"] == response.headers["X-Request-ID"]
    assert error["message"]
    return response.status_code, error["code"]


def invalid_field(response):
    """Check that an error is about what was sent; returns the field it names."""
    assert refusal(response) == (422, "VALIDATION_ERROR")
    return response.json()["error"]["field"]


@asynccontextmanager
async def another_application(**changes):
    """A second process' worth of the application, with other settings; gives a client."""
    app = create_app(Settings(**changes))
    transport = httpx2.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://another") as client,
    ):
        yield client


def bearer(token):
    """The headers that carry a token."""
    return {"Authorization": f"Bearer {token}"}
