"""What a caller is told when the model cannot or may not be asked; nothing is stored then."""

import pytest
from steps import another_application, bearer, refusal

pytestmark = [pytest.mark.integration, pytest.mark.mock]


def test_a_tenant_at_its_limit_gets_429(client, db, fakes):
    admin, other_tenant = client.as_user("admin_a"), client.as_user("admin_b")
    for caller in (admin, other_tenant):
        changed = caller.patch("/api/v1/admin/tenant", json={"chat_limit_per_minute": 2})
        assert (changed.status_code, changed.json()["chat_limit_per_minute"]) == (200, 2)

    answered = [client.as_user("viewer_a").post("/api/v1/chat", json={"message": "Hi"}) for _ in range(2)]
    refused = admin.post("/api/v1/chat", json={"message": "Hi"})

    assert [response.status_code for response in answered] == [200, 200]
    assert refusal(refused) == (429, "RATE_LIMITED")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert other_tenant.post("/api/v1/chat", json={"message": "Hi"}).status_code == 200
    fakes.openai.assert_called(times=3)
    assert db.scalar("SELECT count(*) FROM messages") == 6


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
@pytest.mark.parametrize(("status", "sent", "expected"), [(503, 7, "7"), (500, None, "5"), (429, 3, "3")])
def test_a_failing_model_is_503(client, db, fakes, accept, status, sent, expected):
    fakes.openai.fail(status, retry_after=sent)

    refused = client.as_user("viewer_a").post(
        "/api/v1/chat", json={"message": "Hi"}, headers={"Accept": accept}
    )

    assert refusal(refused) == (503, "LLM_UNAVAILABLE")
    assert refused.headers["Retry-After"] == expected
    assert db.scalar("SELECT count(*) FROM conversations") == 0
    assert db.scalar("SELECT count(*) FROM messages") == 0


def test_a_model_that_breaks_off_ends_the_stream_with_an_error(client, db, fakes):
    fakes.openai.reply("word " * 100)
    fakes.openai.drop_connection(after=2_000)

    broken = client.as_user("viewer_a").post(
        "/api/v1/chat", json={"message": "Hi"}, headers={"Accept": "text/event-stream"}
    )

    assert broken.status_code == 200
    *deltas, error = broken.text.removesuffix("\n\n").split("\n\n")
    assert deltas
    assert {delta.split("\n")[0] for delta in deltas} == {"event: delta"}
    assert error.startswith("event: error\n")
    assert '"code": "LLM_UNAVAILABLE"' in error
    assert db.scalar("SELECT count(*) FROM messages") == 0
    # The request is counted, without tokens: nobody knows how many there were.
    (used,) = db.rows("SELECT status, model, prompt_tokens FROM usage_metrics")
    assert used == {"status": 200, "model": None, "prompt_tokens": None}


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
async def test_a_silent_model_is_504(identities, db, fakes, accept):
    fakes.openai.hang()
    headers = {**bearer(identities.token("viewer_a")), "Accept": accept}

    async with another_application(openai_timeout_seconds=0.2) as impatient:
        refused = await impatient.post("/api/v1/chat", json={"message": "Hi"}, headers=headers)

    assert refusal(refused) == (504, "LLM_TIMEOUT")
    fakes.openai.assert_called(times=1)
    assert db.scalar("SELECT count(*) FROM conversations") == 0


def test_a_model_out_of_order_makes_the_application_unready(client, fakes):
    fakes.openai.fail(503)

    unready = client.anonymous().get("/api/v1/health/ready")

    assert refusal(unready) == (503, "NOT_READY")
    assert unready.json()["error"]["failing"] == ["llm"]
    assert unready.headers["Retry-After"] == "5"


@pytest.mark.parametrize("model_status", [200, 503])
async def test_a_database_out_of_reach_makes_the_application_unready(fakes, model_status):
    if model_status != 200:
        fakes.openai.fail(model_status)

    # Nobody listens on port 1.
    nowhere = "postgresql+asyncpg://nobody:none@127.0.0.1:1/none"
    async with another_application(database_url=nowhere) as cut_off:
        alive = await cut_off.get("/api/v1/health/live")
        unready = await cut_off.get("/api/v1/health/ready")

    assert alive.status_code == 200
    assert refusal(unready) == (503, "NOT_READY")
    assert unready.json()["error"]["failing"] == ["database", *(["llm"] if model_status != 200 else [])]
