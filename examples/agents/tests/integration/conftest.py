"""Fixtures about agents; the application, its database and its callers come from seatrial."""

import pytest


@pytest.fixture
def start_conversation(client):
    """Start a conversation as a user; returns its id."""

    def start(user, title="A plan"):
        created = client.as_user(user).post("/api/v1/conversations", json={"title": title})
        assert created.status_code == 201
        return created.json()["id"]

    return start


@pytest.fixture
def refusal():
    """Check the envelope of an error; returns what identifies it: status and code."""

    def read(response):
        assert response.is_error, f"{response.request.method} {response.url} was not refused"
        error = response.json()["error"]
        assert error["request_id"] == response.headers["X-Request-ID"]
        assert error["message"]
        return response.status_code, error["code"]

    return read
