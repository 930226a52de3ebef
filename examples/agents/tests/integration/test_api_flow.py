"""What the API does, end to end: requests, answers, and the rows they leave behind."""

import asyncio
import json

import httpx2 as httpx
import pytest
from steps import TENANT_A, UNKNOWN_ID, USER_IDS, invalid_field, refusal, start_conversation

pytestmark = pytest.mark.integration


def test_health_needs_no_authentication(client):
    anonymous = client.anonymous()

    live = anonymous.get("/api/v1/health/live")
    assert (live.status_code, live.json()) == (200, {"status": "ok"})
    ready = anonymous.get("/api/v1/health/ready")
    assert (ready.status_code, ready.json()) == (200, {"status": "ok"})


@pytest.mark.mock
async def test_full_chat_flow(
    client_admin_a_int: httpx.AsyncClient,
    seed_data: dict,
    mock_llm_client,
    db,
):
    mock_llm_client.reply("It floats.", "Because of Archimedes, of course.")
    # Create conversation
    create_resp = await client_admin_a_int.post(
        "/api/v1/conversations",
        json={"title": "Integration Test Chat"},
    )
    assert create_resp.status_code == 201
    conv_id = create_resp.json()["id"]

    # Send message
    chat_resp = await client_admin_a_int.post(
        "/api/v1/chat",
        json={"conversation_id": conv_id, "message": "Does it float?"},
    )
    assert chat_resp.status_code == 200
    answer = chat_resp.json()
    assert answer.pop("latency_ms") >= 0
    assert answer == {
        "response": "It floats.",
        "conversation_id": conv_id,
        "model_used": "gpt-4o-mini",
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
    }
    second = await client_admin_a_int.post(
        "/api/v1/chat", json={"conversation_id": conv_id, "message": "Why?"}
    )
    assert second.status_code == 200

    # Verify history
    messages_resp = await client_admin_a_int.get(f"/api/v1/conversations/{conv_id}/messages")
    said = [
        {"role": "user", "content": "Does it float?"},
        {"role": "assistant", "content": "It floats."},
        {"role": "user", "content": "Why?"},
        {"role": "assistant", "content": "Because of Archimedes, of course."},
    ]
    history = messages_resp.json()
    assert [{"role": message["role"], "content": message["content"]} for message in history] == said
    assert [call.json["messages"] for call in mock_llm_client.calls()] == [said[:1], said[:3]]
    stored = db.rows("SELECT sequence, role, content, model, prompt_tokens FROM messages ORDER BY sequence")
    assert [(row["sequence"], row["content"]) for row in stored] == [
        (place, message["content"]) for place, message in enumerate(said, start=1)
    ]
    assert [(row["model"], row["prompt_tokens"]) for row in stored] == [
        (None, None),
        ("gpt-4o-mini", 3),
        (None, None),
        ("gpt-4o-mini", 6),
    ]

    # Without a conversation, a message starts one.
    third = await client_admin_a_int.post("/api/v1/chat", json={"message": "Hello", "model": "gpt-4o"})
    assert (third.json()["response"], third.json()["model_used"]) == ("Hello", "gpt-4o")
    started = db.rows("SELECT * FROM conversations WHERE id = %s", third.json()["conversation_id"])
    assert [(row["title"], row["message_count"], row["user_id"]) for row in started] == [
        ("Hello", 2, seed_data["admin-a"]["id"])
    ]
    unacceptable = [
        ({}, "message"),
        ({"message": ""}, "message"),
        ({"message": "x" * 32_001}, "message"),
        ({"message": "Hi", "model": "=cmd()"}, "model"),
    ]
    for body, field in unacceptable:
        assert invalid_field(await client_admin_a_int.post("/api/v1/chat", json=body)) == field


def test_conversation_crud(client, db):
    admin = client.as_user("admin_a")

    created = admin.post("/api/v1/conversations", json={"title": "  Plan  "})
    assert created.status_code == 201
    conversation = created.json()
    path = f"/api/v1/conversations/{conversation['id']}"
    assert (conversation["title"], conversation["message_count"]) == ("Plan", 0)
    assert admin.get(path).json() == conversation
    assert admin.get("/api/v1/conversations").json() == [conversation]
    (row,) = db.rows("SELECT * FROM conversations")
    assert (str(row["id"]), str(row["tenant_id"]), str(row["user_id"]), row["title"]) == (
        conversation["id"],
        TENANT_A,
        USER_IDS["admin_a"],
        "Plan",
    )

    changed = admin.patch(path, json={"title": "Second plan", "is_archived": True})
    assert changed.status_code == 200
    assert (changed.json()["title"], changed.json()["is_archived"]) == ("Second plan", True)
    assert changed.json()["updated_at"] > conversation["updated_at"]
    assert admin.get(path).json() == changed.json()
    assert admin.get("/api/v1/conversations").json() == []
    assert admin.get("/api/v1/conversations?include_archived=true").json() == [changed.json()]
    found = admin.get("/api/v1/conversations/search?q=SECOND&include_archived=true")
    assert (found.status_code, found.json()) == (200, [changed.json()])
    assert admin.get("/api/v1/conversations/search?q=SECOND").json() == []
    assert invalid_field(admin.get("/api/v1/conversations/search?q=%20")) == "q"

    for body, field in [({"title": " "}, "title"), ({"title": None}, "title"), ({"owner": "me"}, "owner")]:
        assert invalid_field(admin.patch(path, json=body)) == field
    assert db.scalar("SELECT title FROM conversations") == "Second plan"

    deleted = admin.delete(path)
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert refusal(admin.get(path)) == (404, "NOT_FOUND")
    assert db.scalar("SELECT count(*) FROM conversations") == 0
    logged = db.rows("SELECT action, object_id, actor_id FROM audit_log")
    assert [(row["action"], str(row["object_id"]), str(row["actor_id"])) for row in logged] == [
        ("conversation.deleted", conversation["id"], USER_IDS["admin_a"])
    ]


@pytest.mark.mock
def test_tenant_isolation(client, db, fakes):
    conversation_id = start_conversation(client, "admin_a", title="Secret of A")
    own = start_conversation(client, "admin_b", title="Of B")
    path = f"/api/v1/conversations/{conversation_id}"
    before = db.rows("SELECT * FROM conversations WHERE id = %s", conversation_id)
    bob = client.as_user("admin_b")

    refused = [
        bob.get(path),
        bob.patch(path, json={"title": "Mine now"}),
        bob.delete(path),
        bob.get(f"{path}/messages"),
        bob.post(f"{path}/messages", json={"content": "Hello"}),
        bob.post("/api/v1/chat", json={"conversation_id": conversation_id, "message": "Hello"}),
        bob.patch(f"/api/v1/admin/users/{USER_IDS['viewer_a']}", json={"role": "admin"}),
        bob.get("/api/v1/plugins/masking/config"),
    ]

    assert [refusal(response) for response in refused] == [(404, "NOT_FOUND")] * len(refused)
    assert [listed["id"] for listed in bob.get("/api/v1/conversations").json()] == [own]
    assert bob.get("/api/v1/conversations/search?q=secret").json() == []
    assert [user["external_id"] for user in bob.get("/api/v1/admin/users").json()] == ["admin-b"]
    assert bob.get("/api/v1/admin/tenant").json()["name"] == "Tenant B"
    assert db.rows("SELECT * FROM conversations WHERE id = %s", conversation_id) == before
    assert db.scalar("SELECT count(*) FROM messages") == 0
    assert db.scalar("SELECT role FROM users WHERE external_id = 'viewer-a'") == "viewer"
    assert fakes.openai.calls() == []


@pytest.mark.parametrize("body", ["valid", "invalid", "not JSON"])
@pytest.mark.parametrize(
    ("method", "path", "valid"),
    [
        ("GET", "/admin/users", None),
        ("POST", "/admin/users", {"external_id": "new", "role": "admin"}),
        ("PATCH", f"/admin/users/{USER_IDS['viewer_a']}", {"role": "admin"}),
        ("GET", "/admin/tenant", None),
        ("PATCH", "/admin/tenant", {"name": "Ours"}),
        ("GET", "/plugins", None),
        ("POST", "/plugins/sampling/enable", None),
        ("PUT", "/plugins/sampling/config", {"temperature": 1}),
    ],
)
def test_a_viewer_may_not_use_any_admin_operation(client, db, method, path, valid, body):
    content = {"valid": json.dumps(valid), "invalid": '{"role": 7}', "not JSON": "{"}[body]
    before = db.rows("SELECT * FROM users ORDER BY id"), db.rows("SELECT * FROM tenants ORDER BY id")

    refused = client.as_user("viewer_a").request(
        method, f"/api/v1{path}", content=content, headers={"Content-Type": "application/json"}
    )

    assert refusal(refused) == (403, "FORBIDDEN")
    after = db.rows("SELECT * FROM users ORDER BY id"), db.rows("SELECT * FROM tenants ORDER BY id")
    assert after == before
    assert db.scalar("SELECT count(*) FROM audit_log") == 0


def test_pages_have_neither_gap_nor_duplicate(client, db):
    viewer = client.as_user("viewer_a")
    ids = [start_conversation(client, "viewer_a", title=f"Number {number}") for number in range(25)]
    start_conversation(client, "admin_a", title="Of somebody else")
    db.execute("UPDATE conversations SET updated_at = '2026-01-01T00:00:00+00:00'")
    # Neither may an index put them in order by chance.
    db.execute("DROP INDEX ix_conversations_tenant_id_updated_at_id")

    seen = []
    for offset, limit in [(0, 10), (10, 10), (20, 10)]:
        page = viewer.get("/api/v1/conversations", params={"limit": limit, "offset": offset})
        assert page.status_code == 200
        seen += [conversation["id"] for conversation in page.json()]
        # Rows move within the table, half of them at a time, while their timestamps stay equal ...
        db.execute("UPDATE conversations SET title = title || '.' WHERE id < %s", ids[offset // 10])
        # ... and what was read already is renamed, which makes it the latest.
        renamed = viewer.patch(f"/api/v1/conversations/{seen[-1]}", json={"title": "Read"})
        assert renamed.status_code == 200

    assert seen == sorted(ids, reverse=True)
    assert viewer.get("/api/v1/conversations", params={"offset": 25}).json() == []
    assert len(viewer.get("/api/v1/conversations", params={"limit": 100}).json()) == 25
    for field, value in [("limit", 0), ("limit", 101), ("offset", -1), ("limit", "all")]:
        refused = viewer.get("/api/v1/conversations", params={field: value})
        assert invalid_field(refused) == field


async def test_messages_keep_their_order(client, async_client, db):
    conversation_id = start_conversation(client, "viewer_a")
    path = f"/api/v1/conversations/{conversation_id}/messages"
    viewer = async_client.as_user("viewer_a")

    posted = await asyncio.gather(
        *(viewer.post(path, json={"content": f"Message {number}"}) for number in range(8))
    )
    chat = await viewer.post(
        "/api/v1/chat", json={"conversation_id": conversation_id, "message": "The question"}
    )

    assert [response.status_code for response in posted] == [201] * 8
    assert chat.status_code == 200
    answer = chat.json()["response"]
    placed = {response.json()["sequence"]: response.json()["content"] for response in posted}
    assert sorted(placed) == list(range(1, 9))
    expected = [placed[sequence] for sequence in range(1, 9)] + ["The question", answer]
    # Neither the time nor the place in the table may decide.
    db.execute("UPDATE messages SET created_at = '2026-01-01T00:00:00+00:00' WHERE sequence % 2 = 1")
    listed = (await viewer.get(path)).json()
    assert [message["content"] for message in listed] == expected
    assert [message["role"] for message in listed] == ["user"] * 9 + ["assistant"]
    later = (await viewer.get(path, params={"limit": 2, "offset": 7})).json()
    assert [message["sequence"] for message in later] == [8, 9]
    assert db.scalar("SELECT message_count FROM conversations") == 10


@pytest.mark.parametrize("conversation_id", [UNKNOWN_ID, "not-an-id"])
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("PATCH", "", {"title": "New"}),
        ("DELETE", "", None),
        ("GET", "/messages", None),
        ("POST", "/messages", {"content": "Hello"}),
    ],
)
def test_an_unknown_id_is_404_on_every_verb(client, db, method, path, body, conversation_id):
    start_conversation(client, "admin_a")

    refused = client.as_user("admin_a").request(
        method, f"/api/v1/conversations/{conversation_id}{path}", json=body
    )

    assert refusal(refused) == (404, "NOT_FOUND")
    assert [row["title"] for row in db.rows("SELECT title FROM conversations")] == ["A plan"]
    assert db.scalar("SELECT count(*) FROM messages") == 0


@pytest.mark.mock
def test_the_answer_streams(client, fakes, db):
    conversation_id = start_conversation(client, "viewer_a")
    fakes.openai.reply("One word at a time.")

    request = {"conversation_id": conversation_id, "message": "How do you talk?"}
    headers = {"Accept": "text/event-stream"}
    with client.as_user("viewer_a").stream("POST", "/api/v1/chat", json=request, headers=headers) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = [line for line in response.iter_lines() if line]

    names = [line.removeprefix("event: ") for line in lines[0::2]]
    bodies = [json.loads(line.removeprefix("data: ")) for line in lines[1::2]]
    assert names == ["delta"] * 5 + ["done"]
    assert [body["text"] for body in bodies[:-1]] == ["One ", "word ", "at ", "a ", "time."]
    done = bodies[-1]
    assert done.pop("latency_ms") >= 0
    assert done == {
        "response": "One word at a time.",
        "conversation_id": conversation_id,
        "model_used": "gpt-4o-mini",
        "usage": {"prompt_tokens": 4, "completion_tokens": 5, "total_tokens": 9},
    }
    stored = db.rows("SELECT role, content, completion_tokens FROM messages ORDER BY sequence")
    assert [tuple(row.values()) for row in stored] == [
        ("user", "How do you talk?", None),
        ("assistant", "One word at a time.", 5),
    ]
