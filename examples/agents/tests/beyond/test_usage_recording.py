"""Requests that do not end as they should are measured as well, and measuring never makes one fail."""

import pytest
from steps import start_conversation

pytestmark = pytest.mark.integration


def test_a_request_that_breaks_is_recorded_as_500(client, db):
    conversation_id = start_conversation(client, "viewer_a")
    db.execute("ALTER TABLE messages RENAME TO elsewhere")

    broken = client.as_user("viewer_a").get(f"/api/v1/conversations/{conversation_id}/messages")

    assert broken.status_code == 500
    assert broken.json()["error"]["code"] == "INTERNAL_SERVER_ERROR"
    assert "elsewhere" not in broken.text
    rows = db.rows("SELECT request_id, status FROM usage_metrics ORDER BY created_at")
    assert [row["status"] for row in rows] == [201, 500]
    assert rows[1]["request_id"] == broken.headers["X-Request-ID"]
    assert db.rows("SELECT requests, errors FROM daily_summaries") == [{"requests": 2, "errors": 1}]


def test_a_request_that_cannot_be_recorded_is_answered(client, db, caplog):
    db.execute("ALTER TABLE usage_metrics RENAME TO elsewhere")

    answered = client.as_user("viewer_a").post("/api/v1/conversations", json={"title": "Mine"})

    assert answered.status_code == 201
    assert db.scalar("SELECT title FROM conversations") == "Mine"
    # The summary of the day is no witness to a request that is recorded nowhere else.
    assert db.scalar("SELECT count(*) FROM daily_summaries") == 0
    (logged,) = [record for record in caplog.records if record.name == "agents.usage.middleware"]
    assert answered.headers["X-Request-ID"] in logged.getMessage()


@pytest.mark.mock
def test_a_stream_whose_reader_leaves_is_recorded(client, db, fakes, settle):
    fakes.openai.reply("word " * 400)
    fakes.openai.slow(20_000)
    asked = {"message": "Go on and on"}
    headers = {"Accept": "text/event-stream"}
    with client.as_user("viewer_a").stream("POST", "/api/v1/chat", json=asked, headers=headers) as response:
        assert next(response.iter_lines()) == "event: delta"
    settle()

    (row,) = db.rows("SELECT request_id, status, model FROM usage_metrics")
    assert row == {"request_id": response.headers["X-Request-ID"], "status": 200, "model": None}
    assert db.scalar("SELECT count(*) FROM messages") == 0
