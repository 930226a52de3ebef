"""What a caller is told when the model cannot or may not be asked; nothing is stored then."""

import pytest


def test_a_tenant_at_its_limit_gets_429(client, refusal, db, fakes):
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
def test_a_failing_model_is_503(client, refusal, db, fakes, accept, status, sent, expected):
    fakes.openai.fail(status, retry_after=sent)

    refused = client.as_user("viewer_a").post(
        "/api/v1/chat", json={"message": "Hi"}, headers={"Accept": accept}
    )

    assert refusal(refused) == (503, "LLM_UNAVAILABLE")
    assert refused.headers["Retry-After"] == expected
    assert db.scalar("SELECT count(*) FROM conversations") == 0
    assert db.scalar("SELECT count(*) FROM messages") == 0


def test_a_silent_model_is_504(client, refusal, db, fakes):
    fakes.openai.hang()

    refused = client.as_user("viewer_a").post("/api/v1/chat", json={"message": "Hi"})

    assert refusal(refused) == (504, "LLM_TIMEOUT")
    fakes.openai.assert_called(times=1)
    assert db.scalar("SELECT count(*) FROM conversations") == 0
