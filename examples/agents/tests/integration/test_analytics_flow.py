"""What is measured, and what the analytics make of it."""

import asyncio
import csv
import io
from collections import Counter
from datetime import UTC, datetime

import pytest
import time_machine
from steps import TENANT_A, TENANT_B, UNKNOWN_ID, USER_IDS, invalid_field, refusal

pytestmark = pytest.mark.integration

ANALYTICS = "/api/v1/analytics"
READABLE = ["/summary", "/tokens", "/daily", "/response-times"]
EXPORTS = ["/export?format=csv", "/export?format=json"]
TOKENS = ("prompt_tokens", "completion_tokens", "total_tokens")
COLUMNS = ["created_at", "request_id", "user_id", "method", "route", "status", "duration_ms"]
COLUMNS += ["model", "prompt_tokens", "completion_tokens"]


@pytest.fixture
def used(db):
    """The stored usage of a tenant, oldest first."""

    def read(tenant_id=TENANT_A):
        return db.rows("SELECT * FROM usage_metrics WHERE tenant_id = %s ORDER BY created_at", tenant_id)

    return read


@pytest.fixture
def request_at(client):
    """Make one request at a given time; the application sees that time as well."""

    def make(moment, user="viewer_a", path="/api/v1/conversations"):
        # Token and request are of this moment; it stands still.
        with time_machine.travel(datetime.fromisoformat(moment).replace(tzinfo=UTC), tick=False):
            return client.as_user(user).get(path)

    return make


def test_the_middleware_records_each_call(client, used):
    viewer, admin, anonymous = client.as_user("viewer_a"), client.as_user("admin_a"), client.anonymous()
    conversations = "/api/v1/conversations"
    made = [
        (viewer.post(conversations, json={"title": "Mine"}), conversations, 201),
        (viewer.get(f"{conversations}?limit=1"), conversations, 200),
        (viewer.get(f"{conversations}?limit=0"), conversations, 422),
        (viewer.get(f"{conversations}/{UNKNOWN_ID}"), f"{conversations}/{{conversation_id}}", 404),
        (viewer.delete(f"{conversations}/{UNKNOWN_ID}"), f"{conversations}/{{conversation_id}}", 403),
        (viewer.post("/api/v1/chat", json={"message": "Hi"}), "/api/v1/chat", 200),
        (admin.get("/api/v1/plugins/masking/config"), "/api/v1/plugins/{name}/config", 404),
        (admin.get("/api/v1/admin/users"), "/api/v1/admin/users", 200),
    ]
    # Nobody can be charged for these.
    for path in ("/api/v1/health/live", "/api/v1/health/ready", "/api/v1/openapi.json", conversations, "/no"):
        anonymous.get(path)

    assert [response.status_code for response, _route, _status in made] == [status for *_, status in made]
    rows = used()
    assert [(row["request_id"], row["method"], row["route"], row["status"]) for row in rows] == [
        (response.headers["X-Request-ID"], response.request.method, route, status)
        for response, route, status in made
    ]
    assert [str(row["user_id"]) for row in rows] == [USER_IDS["viewer_a"]] * 6 + [USER_IDS["admin_a"]] * 2
    assert [row["model"] is not None for row in rows] == [route == "/api/v1/chat" for _, route, _ in made]
    assert all(row["duration_ms"] > 0 for row in rows)
    assert used(TENANT_B) == []


def test_the_summary_adds_up(client, used):
    viewer, admin = client.as_user("viewer_a"), client.as_user("admin_a")
    spent = [viewer.post("/api/v1/chat", json={"message": "One two"}).json()["usage"] for _ in range(3)]
    viewer.get(f"/api/v1/conversations/{UNKNOWN_ID}")
    admin.get("/api/v1/admin/users")

    summary = admin.get(f"{ANALYTICS}/summary")

    assert summary.status_code == 200
    today = datetime.now(UTC).date()
    body = summary.json()
    assert (body.pop("date_from") < body["date_to"], body.pop("date_to")) == (True, str(today))
    assert body == {
        "requests": 5,
        "errors": 1,
        "users": 2,
        "chats": 3,
        **{name: sum(usage[name] for usage in spent) for name in TOKENS},
    }
    assert body["total_tokens"] > 0
    # The question itself was counted after it was answered.
    assert admin.get(f"{ANALYTICS}/summary").json()["requests"] == 6
    assert len(used()) == 7


@pytest.mark.parametrize("path", [*READABLE, *EXPORTS])
def test_every_figure_requires_authentication(client, db, path):
    refused = client.anonymous().get(f"{ANALYTICS}{path}")

    assert refusal(refused) == (401, "UNAUTHENTICATED")
    assert db.scalar("SELECT count(*) FROM usage_metrics") == 0


def test_each_tenant_sees_its_own_numbers(client, used):
    admins = {TENANT_A: client.as_user("admin_a"), TENANT_B: client.as_user("admin_b")}
    for tenant, messages in ((TENANT_A, ["one", "one two"]), (TENANT_B, ["one two three"])):
        for message in messages:
            assert admins[tenant].post("/api/v1/chat", json={"message": message}).status_code == 200
    admins[TENANT_B].get("/api/v1/conversations")

    chats, requests = {TENANT_A: 2, TENANT_B: 1}, {TENANT_A: 2, TENANT_B: 2}
    for tenant, admin in admins.items():
        seen = {path: admin.get(f"{ANALYTICS}{path}").json() for path in [*READABLE, EXPORTS[1]]}
        spent = sum(row["prompt_tokens"] or 0 for row in used(tenant))
        assert (seen["/summary"]["requests"], seen["/summary"]["chats"]) == (requests[tenant], chats[tenant])
        assert (seen["/summary"]["users"], seen["/summary"]["prompt_tokens"]) == (1, spent)
        assert (seen["/tokens"]["prompt_tokens"], seen["/tokens"]["models"][0]["chats"]) == (
            spent,
            chats[tenant],
        )
        # Each of these counts the questions before it as well.
        assert [(day["requests"], day["prompt_tokens"]) for day in seen["/daily"]] == [
            (requests[tenant] + 2, spent)
        ]
        times = {timed["route"]: timed["requests"] for timed in seen["/response-times"]}
        assert times["/api/v1/chat"] == chats[tenant]
        exported = [row["request_id"] for row in seen[EXPORTS[1]]]
        assert exported == [row["request_id"] for row in used(tenant)[:-1]]
    assert len({row["request_id"] for tenant in admins for row in used(tenant)}) == 4 + 2 * 5


@pytest.mark.mock
def test_token_usage_is_what_the_model_reported(client, fakes, used):
    viewer = client.as_user("viewer_a")
    fakes.openai.reply("Four words as answer.", "Two words.", "And three words.")
    for model, accept in (("gpt-4o", "*/*"), ("gpt-4o-mini", "*/*"), ("gpt-4o", "text/event-stream")):
        asked = {"message": "How many words is this?", "model": model}
        answered = viewer.post("/api/v1/chat", json=asked, headers={"Accept": accept})
        assert answered.status_code == 200
    fakes.openai.fail(503)
    assert viewer.post("/api/v1/chat", json={"message": "Lost"}).status_code == 503

    plain = [call.attempts[0].answer_json["usage"] for call in fakes.openai.calls()[:2]]
    assert [(usage["prompt_tokens"], usage["completion_tokens"]) for usage in plain] == [(5, 4), (5, 2)]
    stored = [(row["model"], row["prompt_tokens"], row["completion_tokens"]) for row in used()]
    assert stored == [("gpt-4o", 5, 4), ("gpt-4o-mini", 5, 2), ("gpt-4o", 5, 3), (None, None, None)]
    tokens = viewer.get(f"{ANALYTICS}/tokens")
    assert tokens.status_code == 200
    body = tokens.json()
    assert {name: body[name] for name in TOKENS} == dict(zip(TOKENS, (15, 9, 24), strict=True))
    assert body["models"] == [
        {"model": "gpt-4o", "chats": 2, **dict(zip(TOKENS, (10, 7, 17), strict=True))},
        {"model": "gpt-4o-mini", "chats": 1, **dict(zip(TOKENS, (5, 2, 7), strict=True))},
    ]


@pytest.mark.mock
def test_response_times_are_those_of_the_requests(client, db, fakes, used):
    viewer = client.as_user("viewer_a")
    fakes.openai.delay(0.05)
    viewer.post("/api/v1/chat", json={"message": "Slowly"})
    assert used()[0]["duration_ms"] >= 50
    for _ in range(20):
        viewer.get("/api/v1/conversations")
    # Known times from here on, in an order that is not theirs.
    for place, row in enumerate(used()[1:]):
        db.execute("UPDATE usage_metrics SET duration_ms = %s WHERE id = %s", place * 7 % 20 + 1, row["id"])
    db.execute("UPDATE usage_metrics SET duration_ms = 80 WHERE route = '/api/v1/chat'")

    times = viewer.get(f"{ANALYTICS}/response-times")

    assert times.status_code == 200
    chat = {"average_ms": 80, "p50_ms": 80, "p95_ms": 80, "max_ms": 80}
    lists = {"average_ms": 10.5, "p50_ms": 10, "p95_ms": 19, "max_ms": 20}
    assert times.json() == [
        {"method": "POST", "route": "/api/v1/chat", "requests": 1, **chat},
        {"method": "GET", "route": "/api/v1/conversations", "requests": 20, **lists},
    ]


async def test_days_are_added_up_whoever_writes_at_once(async_client, request_at, db, used):
    viewer = async_client.as_user("viewer_a")
    yesterday = request_at("2026-03-01T23:59:59.999999")
    midnight = request_at("2026-03-02T00:00:00", path=f"/api/v1/conversations/{UNKNOWN_ID}")
    at_once = await asyncio.gather(
        *(viewer.post("/api/v1/chat", json={"message": "One two"}) for _ in range(8))
    )

    assert (yesterday.status_code, midnight.status_code) == (200, 404)
    assert [response.status_code for response in at_once] == [200] * 8
    daily = await viewer.get(f"{ANALYTICS}/daily?date_from=2026-03-01")
    assert daily.status_code == 200
    first, second, *others = daily.json()
    nothing = dict.fromkeys(TOKENS, 0)
    assert first == {"date": "2026-03-01", "requests": 1, "errors": 0, **nothing}
    assert second == {"date": "2026-03-02", "requests": 1, "errors": 1, **nothing}
    # One day, unless this ran over midnight.
    expected = Counter(str(row["created_at"])[:10] for row in used()[2:-1])
    assert {day["date"]: day["requests"] for day in others} == expected
    spent = [response.json()["usage"] for response in at_once]
    for name in TOKENS:
        assert sum(day[name] for day in others) == sum(usage[name] for usage in spent) > 0
    assert db.scalar("SELECT sum(requests) FROM daily_summaries") == len(used())


def test_exports_as_csv_and_json_agree(client, db, used):
    viewer, operator = client.as_user("viewer_a"), client.as_user("operator_a")
    viewer.post("/api/v1/chat", json={"message": 'Quotes ", commas, and\nlines'})
    viewer.get(f"/api/v1/conversations/{UNKNOWN_ID}")
    viewer.get("/api/v1/conversations")
    client.as_user("admin_b").get("/api/v1/conversations")
    # Times are equal and a batch has two rows, so that only the id is left to go on by.
    db.execute("UPDATE usage_metrics SET created_at = (SELECT max(created_at) FROM usage_metrics)")
    stored = sorted(used(), key=lambda row: str(row["id"]))

    as_csv = operator.get(f"{ANALYTICS}/export", params={"format": "csv"})
    as_json = operator.get(f"{ANALYTICS}/export", params={"format": "json"})

    assert (as_csv.status_code, as_json.status_code) == (200, 200)
    assert as_csv.headers["Content-Type"].split(";")[0] == "text/csv"
    assert as_json.headers["Content-Type"] == "application/json"
    today = datetime.now(UTC).date()
    assert as_csv.headers["Content-Disposition"].endswith(f'-{today}.csv"')
    header, *lines = csv.reader(io.StringIO(as_csv.text))
    objects = as_json.json()
    assert header == COLUMNS == list(objects[0])
    assert [row["request_id"] for row in objects[:3]] == [row["request_id"] for row in stored]
    assert [(row["status"], row["user_id"]) for row in objects[:3]] == [
        (row["status"], str(row["user_id"])) for row in stored
    ]
    # The export as JSON came later and has the one as CSV as its last row.
    assert objects[3:] == [objects[-1]]
    assert objects[-1]["request_id"] == as_csv.headers["X-Request-ID"]
    assert lines == [["" if value is None else str(value) for value in row.values()] for row in objects[:-1]]
    logged = db.rows("SELECT action, actor_id, object_id FROM audit_log")
    assert [(row["action"], str(row["actor_id"]), str(row["object_id"])) for row in logged] == [
        ("analytics.exported", USER_IDS["operator_a"], TENANT_A)
    ] * 2
    assert invalid_field(operator.get(f"{ANALYTICS}/export?format=xml")) == "format"
    assert invalid_field(operator.get(f"{ANALYTICS}/export")) == "format"


def test_a_viewer_reads_and_cannot_export(client, db):
    viewer = client.as_user("viewer_a")

    assert [viewer.get(f"{ANALYTICS}{path}").status_code for path in READABLE] == [200] * 4
    for path in (*EXPORTS, "/export", "/export?format=xml", f"{EXPORTS[0]}&date_from=never"):
        assert refusal(viewer.get(f"{ANALYTICS}{path}")) == (403, "FORBIDDEN")
    assert db.scalar("SELECT count(*) FROM audit_log") == 0
    for user in ("operator_a", "admin_a"):
        exported = [client.as_user(user).get(f"{ANALYTICS}{path}") for path in EXPORTS]
        assert [response.status_code for response in exported] == [200, 200]


def test_a_range_has_both_its_boundary_days_and_no_other(client, request_at):
    for moment in (
        "2026-02-28T23:59:59.999999",
        "2026-03-01T00:00:00",
        "2026-03-02T12:00:00",
        "2026-03-03T23:59:59.999999",
        "2026-03-04T00:00:00",
    ):
        assert request_at(moment).status_code == 200
    operator = client.as_user("operator_a")

    def seen(**days):
        figures = {
            path: operator.get(f"{ANALYTICS}{path}", params={"format": "json", **days})
            for path in (*READABLE, "/export")
        }
        assert {response.status_code for response in figures.values()} == {200}
        numbers = {
            figures["/summary"].json()["requests"],
            sum(day["requests"] for day in figures["/daily"].json()),
            sum(timed["requests"] for timed in figures["/response-times"].json()),
            len(figures["/export"].json()),
        }
        return numbers, [day["date"][-5:] for day in figures["/daily"].json()]

    assert seen(date_from="2026-03-01", date_to="2026-03-03") == ({3}, ["03-01", "03-02", "03-03"])
    assert seen(date_from="2026-03-03", date_to="2026-03-03") == ({1}, ["03-03"])
    assert seen(date_to="2026-02-28") == ({1}, ["02-28"])
    assert seen(date_to="2026-03-30") == ({4}, ["03-01", "03-02", "03-03", "03-04"])
    assert seen(date_from="0001-01-01", date_to="2026-03-02") == ({3}, ["02-28", "03-01", "03-02"])
    assert seen(date_to="0001-01-01") == ({0}, [])
    assert operator.get(f"{ANALYTICS}/summary?date_to=9999-12-31&date_from=9999-12-31").status_code == 200
    for path in (*READABLE, *EXPORTS):
        for days, field in [
            ({"date_from": "2026-03-02", "date_to": "2026-03-01"}, "date_from"),
            ({"date_from": "9999-12-31"}, "date_from"),
            ({"date_to": "2026-02-30"}, "date_to"),
            ({"date_from": "yesterday"}, "date_from"),
        ]:
            wanted = {**days, "format": "csv"}
            assert invalid_field(operator.get(f"{ANALYTICS}{path.split('?')[0]}", params=wanted)) == field
