"""Who may call the API, and what each caller may do."""

import asyncio
import json

import pytest
from locks import inserts_held
from steps import TENANT_B, UNKNOWN_ID, USER_IDS, bearer, refusal, start_conversation

pytestmark = pytest.mark.integration

CONVERSATIONS = "/api/v1/conversations"

PUBLIC = {("GET", "/api/v1/health/live"), ("GET", "/api/v1/health/ready")}

EVERYBODY = {"viewer": (200, None), "operator": (200, None), "admin": (200, None)}
EVERYBODY_CREATES = {"viewer": (201, None), "operator": (201, None), "admin": (201, None)}
OPERATOR_SEES = {"viewer": (404, "NOT_FOUND"), "operator": (200, None), "admin": (200, None)}
OPERATOR_WRITES = {"viewer": (404, "NOT_FOUND"), "operator": (201, None), "admin": (201, None)}
OPERATOR_DELETES = {"viewer": (403, "FORBIDDEN"), "operator": (204, None), "admin": (204, None)}
OPERATOR_EXPORTS = {"viewer": (403, "FORBIDDEN"), "operator": (200, None), "admin": (200, None)}
ADMIN_ONLY = {"viewer": (403, "FORBIDDEN"), "operator": (403, "FORBIDDEN"), "admin": (200, None)}
ADMIN_CREATES = {"viewer": (403, "FORBIDDEN"), "operator": (403, "FORBIDDEN"), "admin": (201, None)}
ADMIN_FINDS_NONE = {"viewer": (403, "FORBIDDEN"), "operator": (403, "FORBIDDEN"), "admin": (404, "NOT_FOUND")}
OWN, OTHERS = f"{CONVERSATIONS}/{{own}}", f"{CONVERSATIONS}/{{others}}"
PLUGIN, ANALYTICS = "/api/v1/plugins/sampling", "/api/v1/analytics"
POLICY = [
    ("GET", CONVERSATIONS, None, EVERYBODY),
    ("POST", CONVERSATIONS, {"title": "New"}, EVERYBODY_CREATES),
    ("GET", f"{CONVERSATIONS}/search?q=plan", None, EVERYBODY),
    ("GET", OWN, None, EVERYBODY),
    ("PATCH", OWN, {"title": "New"}, EVERYBODY),
    ("DELETE", OWN, None, OPERATOR_DELETES),
    ("GET", f"{OWN}/messages", None, EVERYBODY),
    ("POST", f"{OWN}/messages", {"content": "Hi"}, EVERYBODY_CREATES),
    ("POST", "/api/v1/chat", {"message": "Hi", "conversation_id": "{own}"}, EVERYBODY),
    ("GET", OTHERS, None, OPERATOR_SEES),
    ("PATCH", OTHERS, {"title": "New"}, OPERATOR_SEES),
    ("DELETE", OTHERS, None, OPERATOR_DELETES),
    ("GET", f"{OTHERS}/messages", None, OPERATOR_SEES),
    ("POST", f"{OTHERS}/messages", {"content": "Hi"}, OPERATOR_WRITES),
    ("POST", "/api/v1/chat", {"message": "Hi", "conversation_id": "{others}"}, OPERATOR_SEES),
    ("GET", "/api/v1/admin/users", None, ADMIN_ONLY),
    ("POST", "/api/v1/admin/users", {"external_id": "new"}, ADMIN_CREATES),
    ("PATCH", "/api/v1/admin/users/{operator}", {"email": "o@example.com"}, ADMIN_ONLY),
    ("GET", "/api/v1/admin/tenant", None, ADMIN_ONLY),
    ("PATCH", "/api/v1/admin/tenant", {"name": "Renamed"}, ADMIN_ONLY),
    ("GET", "/api/v1/plugins", None, ADMIN_ONLY),
    ("GET", PLUGIN, None, ADMIN_ONLY),
    ("POST", f"{PLUGIN}/enable", None, ADMIN_ONLY),
    ("POST", f"{PLUGIN}/disable", None, ADMIN_ONLY),
    ("GET", f"{PLUGIN}/config", None, ADMIN_FINDS_NONE),
    ("PUT", f"{PLUGIN}/config", {}, ADMIN_ONLY),
    ("PATCH", f"{PLUGIN}/config", {}, ADMIN_FINDS_NONE),
    ("DELETE", f"{PLUGIN}/config", None, ADMIN_FINDS_NONE),
    ("GET", f"{ANALYTICS}/summary", None, EVERYBODY),
    ("GET", f"{ANALYTICS}/tokens", None, EVERYBODY),
    ("GET", f"{ANALYTICS}/daily", None, EVERYBODY),
    ("GET", f"{ANALYTICS}/response-times", None, EVERYBODY),
    ("GET", f"{ANALYTICS}/export?format=json", None, OPERATOR_EXPORTS),
]


@pytest.fixture
def call_with(client):
    """Create a conversation with a given `Authorization` header."""

    def call(authorization):
        headers = {} if authorization is None else {"Authorization": authorization}
        return client.anonymous().post(CONVERSATIONS, json={"title": "Mine"}, headers=headers)

    return call


@pytest.fixture
def assert_unauthenticated(db):
    """The response is this 401, and nothing was stored."""

    def check(response, code, challenge='Bearer realm="agents", error="invalid_token"'):
        assert refusal(response) == (401, code)
        assert response.headers["WWW-Authenticate"] == challenge
        assert db.scalar("SELECT count(*) FROM conversations") == 0
        assert db.scalar("SELECT count(*) FROM users") == 4

    return check


def test_a_valid_token_grants_access(call_with, identities, db):
    created = call_with(f"Bearer {identities.token('operator_a')}")

    assert created.status_code == 201
    (row,) = db.rows("SELECT u.external_id, c.title FROM conversations c JOIN users u ON u.id = c.user_id")
    assert row == {"external_id": "operator-a", "title": "Mine"}


def test_a_missing_token_is_401(call_with, assert_unauthenticated):
    assert_unauthenticated(call_with(None), "UNAUTHENTICATED", 'Bearer realm="agents"')


@pytest.mark.parametrize(("kind", "code"), [("expired", "TOKEN_EXPIRED"), ("not_yet_valid", "INVALID_TOKEN")])
def test_a_token_out_of_its_time_is_401(call_with, identities, assert_unauthenticated, kind, code):
    assert_unauthenticated(call_with(f"Bearer {identities.forge(kind, user='admin_a')}"), code)


@pytest.mark.parametrize("kind", ["wrong_key", "alg_none", "wrong_audience"])
def test_a_token_not_signed_for_this_api_is_401(call_with, identities, assert_unauthenticated, kind):
    assert_unauthenticated(call_with(f"Bearer {identities.forge(kind, user='admin_a')}"), "INVALID_TOKEN")


@pytest.mark.parametrize(
    "authorization", ["Bearer {malformed}", "Bearer {valid}.x", "Bearer ", "Basic {valid}", "{valid}"]
)
def test_a_malformed_token_is_401(call_with, identities, assert_unauthenticated, authorization):
    malformed, valid = identities.forge("malformed"), identities.token("admin_a")
    assert_unauthenticated(call_with(authorization.format(malformed=malformed, valid=valid)), "INVALID_TOKEN")


@pytest.mark.parametrize(
    ("change", "claims", "code"),
    [
        (None, {"tenant_id": TENANT_B}, "TENANT_MISMATCH"),
        (None, {"tenant_id": UNKNOWN_ID}, "TENANT_MISMATCH"),
        ("UPDATE tenants SET is_active = false WHERE name = 'Tenant A'", {}, "TENANT_MISMATCH"),
        ("UPDATE users SET is_active = false WHERE external_id = 'admin-a'", {}, "USER_INACTIVE"),
    ],
    ids=["another tenant", "unknown tenant", "inactive tenant", "inactive user"],
)
def test_a_wrong_tenant_is_403(call_with, identities, db, change, claims, code):
    if change is not None:
        assert db.execute(change) == 1

    refused = call_with(f"Bearer {identities.token('admin_a', **claims)}")

    assert refusal(refused) == (403, code)
    assert db.scalar("SELECT count(*) FROM conversations") == 0
    assert db.scalar("SELECT count(*) FROM users") == 4


@pytest.mark.parametrize("claim", ["sub", "tenant_id", "role", "exp", "iat", "aud"])
def test_a_token_without_a_required_claim_is_401(call_with, identities, assert_unauthenticated, claim):
    token = identities.forge(f"missing_{claim}", user="admin_a")
    assert_unauthenticated(call_with(f"Bearer {token}"), "INVALID_TOKEN")


def test_health_is_public_and_nothing_else(client):
    anonymous = client.anonymous()
    document = anonymous.get("/api/v1/openapi.json")
    assert document.status_code == 200
    operations = {
        (method.upper(), path) for path, item in document.json()["paths"].items() for method in item
    }
    # An operation that is new belongs to one of the two lists.
    placed = {(method, _template(path)) for method, path, _body, _policy in POLICY}
    assert operations == PUBLIC | placed

    for method, path in sorted(operations):
        concrete = path.format(conversation_id=UNKNOWN_ID, user_id=UNKNOWN_ID, name="sampling")
        response = anonymous.request(method, concrete)
        if (method, path) in PUBLIC:
            assert response.status_code == 200, (method, path)
        else:
            assert refusal(response) == (401, "UNAUTHENTICATED"), (method, path)
            assert response.headers["WWW-Authenticate"] == 'Bearer realm="agents"', (method, path)


@pytest.mark.parametrize(
    ("subject", "locked"),
    [("viewer-a", "conversations"), ("newcomer-a", "users")],
    ids=["known user", "user provisioned by whichever comes first"],
)
async def test_ten_requests_at_once_with_one_token(
    async_client, identities, db, integration_engine, subject, locked
):
    caller = async_client.anonymous()
    caller.headers.update(bearer(identities.token("viewer_a", sub=subject)))

    # Everybody may read and nobody insert, so the requests can only gather.
    with inserts_held(db, integration_engine, locked) as waiting:
        requests = [
            asyncio.create_task(caller.post(CONVERSATIONS, json={"title": f"Number {number}"}))
            for number in range(10)
        ]
        async with asyncio.timeout(20):
            while waiting() < 10:  # noqa: ASYNC110 - the event is in another thread or process
                await asyncio.sleep(0.002)
    responses = await asyncio.gather(*requests)

    assert [response.status_code for response in responses] == [201] * 10
    stored = db.rows(
        "SELECT c.id, c.title, u.external_id FROM conversations c JOIN users u ON u.id = c.user_id"
    )
    assert {str(row["id"]) for row in stored} == {response.json()["id"] for response in responses}
    assert sorted(row["title"] for row in stored) == [f"Number {number}" for number in range(10)]
    assert {row["external_id"] for row in stored} == {subject}
    assert db.scalar("SELECT count(*) FROM users WHERE external_id = %s", subject) == 1


def test_a_forged_admin_role_is_refused(client, identities, db):
    escalating = client.anonymous()
    escalating.headers.update(bearer(identities.token("viewer_a", role="admin")))
    newcomer = client.anonymous()
    newcomer.headers.update(bearer(identities.token("admin_a", sub="newcomer-a", role="admin")))

    for caller in (escalating, newcomer):
        refused = caller.post("/api/v1/admin/users", json={"external_id": "accomplice", "role": "admin"})
        assert refusal(refused) == (403, "FORBIDDEN")
        assert refusal(caller.get("/api/v1/admin/tenant")) == (403, "FORBIDDEN")

    roles = {row["external_id"]: row["role"] for row in db.rows("SELECT external_id, role FROM users")}
    assert roles == {
        "admin-a": "admin",
        "operator-a": "operator",
        "viewer-a": "viewer",
        "admin-b": "admin",
        "newcomer-a": "viewer",
    }


@pytest.mark.parametrize(
    ("method", "path", "body", "policy"), POLICY, ids=lambda value: value if isinstance(value, str) else ""
)
def test_the_roles_differ_exactly_as_the_policy_says(client, db, method, path, body, policy):
    template = json.dumps([path, body])
    outcomes, owners = {}, {}
    for role in policy:
        user, other_user = f"{role}_a", "operator_a" if role == "admin" else "admin_a"
        ids = {"operator": USER_IDS["operator_a"]}
        for name, owner in (("own", user), ("others", other_user)):
            if f"{{{name}}}" in template:
                ids[name] = start_conversation(client, owner)
                owners[ids[name]] = role
        filled_path, filled_body = json.loads(_fill(template, ids))
        response = client.as_user(user).request(method, filled_path, json=filled_body)
        outcomes[role] = (response.status_code, None) if response.status_code < 400 else refusal(response)

    assert outcomes == policy
    # What was refused left no trace: the conversations of those roles are as they were.
    refused = {role for role, (status, _code) in policy.items() if status >= 400}
    rows = {str(row["id"]): row for row in db.rows("SELECT id, title, message_count FROM conversations")}
    for conversation_id in (key for key, role in owners.items() if role in refused):
        assert (rows[conversation_id]["title"], rows[conversation_id]["message_count"]) == ("A plan", 0)
    created = set(rows) - set(owners)
    assert len(created) == sum(status == 201 and path == CONVERSATIONS for status, _code in policy.values())


def _fill(text, ids):
    for name, value in ids.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _template(path):
    names = {"own": "{conversation_id}", "others": "{conversation_id}", "operator": "{user_id}"}
    return _fill(path, names).partition("?")[0].replace("/sampling", "/{name}")
