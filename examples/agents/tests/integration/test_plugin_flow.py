"""Plugins: what a tenant switches on and sets, what that does to its chats, and to nobody else's."""

import json

import pytest
from jsonschema import Draft202012Validator
from steps import TENANT_A, TENANT_B, USER_IDS, another_application, bearer, invalid_field, refusal

pytestmark = pytest.mark.integration

PLUGINS = "/api/v1/plugins"
INSTRUCTIONS = {"text": "Answer in Latin."}
MASKING = {"words": ["Acme", "Acme Holding"], "mask": "[client]"}


@pytest.fixture
def admin(client):
    return client.as_user("admin_a")


@pytest.fixture
def registered(db):
    """The stored registrations of a tenant: whether each is on, and its configuration."""

    def read(tenant_id=TENANT_A):
        rows = db.rows("SELECT * FROM plugin_registrations WHERE tenant_id = %s", tenant_id)
        return {row["name"]: (bool(row["enabled"]), _decoded(row["config"])) for row in rows}

    return read


def _decoded(config):
    # SQLite keeps JSON as text.
    return json.loads(config) if isinstance(config, str) else config


@pytest.mark.mock
def test_a_plugin_is_enabled_and_disabled(client, admin, registered, db, fakes):
    assert admin.put(f"{PLUGINS}/instructions/config", json=INSTRUCTIONS).status_code == 200
    chat = {"message": "Hello"}
    client.as_user("viewer_a").post("/api/v1/chat", json=chat)

    for _again in range(2):
        enabled = admin.post(f"{PLUGINS}/instructions/enable")
        assert enabled.status_code == 200
        shown = enabled.json()
        assert (shown["name"], shown["enabled"], shown["config"]) == ("instructions", True, INSTRUCTIONS)
        assert registered() == {"instructions": (True, INSTRUCTIONS)}
    client.as_user("viewer_a").post("/api/v1/chat", json=chat)

    disabled = admin.post(f"{PLUGINS}/instructions/disable")
    assert (disabled.status_code, disabled.json()["enabled"]) == (200, False)
    assert disabled.json()["updated_at"] > enabled.json()["updated_at"]
    assert registered() == {"instructions": (False, INSTRUCTIONS)}
    client.as_user("viewer_a").post("/api/v1/chat", json=chat)

    plain = [{"role": "user", "content": "Hello"}]
    instructed = [{"role": "system", "content": "Answer in Latin."}, *plain]
    assert [call.json["messages"] for call in fakes.openai.calls()] == [plain, instructed, plain]
    logged = db.rows("SELECT action, actor_id FROM audit_log ORDER BY created_at")
    assert [(row["action"], str(row["actor_id"])) for row in logged] == [
        (f"plugin.{action}", USER_IDS["admin_a"])
        for action in ("configured", "enabled", "enabled", "disabled")
    ]


def test_a_configuration_is_created_read_replaced_patched_and_deleted(admin, registered):
    path = f"{PLUGINS}/masking/config"
    for absent in (admin.get(path), admin.patch(path, json={}), admin.delete(path)):
        assert refusal(absent) == (404, "NOT_FOUND")
    assert registered() == {}

    created = admin.put(path, json=MASKING)
    assert (created.status_code, created.json()) == (200, MASKING)
    read = admin.get(path)
    assert (read.status_code, read.json()) == (200, MASKING)
    assert registered() == {"masking": (False, MASKING)}

    replaced = admin.put(path, json={"words": ["Bolt"]})
    assert (replaced.status_code, replaced.json()) == (200, {"words": ["Bolt"]})
    assert registered() == {"masking": (False, {"words": ["Bolt"]})}

    patched = admin.patch(path, json={"mask": "?"})
    assert (patched.status_code, patched.json()) == (200, {"words": ["Bolt"], "mask": "?"})
    assert registered() == {"masking": (False, {"words": ["Bolt"], "mask": "?"})}
    removed = admin.patch(path, json={"mask": None})
    assert (removed.status_code, removed.json()) == (200, {"words": ["Bolt"]})
    assert admin.get(path).json() == {"words": ["Bolt"]}

    # A plugin that cannot work without a configuration is switched off with it ...
    assert admin.post(f"{PLUGINS}/masking/enable").status_code == 200
    deleted = admin.delete(path)
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert registered() == {"masking": (False, None)}
    assert refusal(admin.get(path)) == (404, "NOT_FOUND")
    # ... and one that can stays on.
    assert admin.put(f"{PLUGINS}/sampling/config", json={"temperature": 0}).status_code == 200
    assert admin.post(f"{PLUGINS}/sampling/enable").status_code == 200
    assert admin.delete(f"{PLUGINS}/sampling/config").status_code == 204
    assert registered() == {"masking": (False, None), "sampling": (True, None)}


def test_the_list_shows_the_state_of_the_callers_tenant(client, admin):
    admin.put(f"{PLUGINS}/masking/config", json=MASKING)
    admin.post(f"{PLUGINS}/masking/enable")
    admin.put(f"{PLUGINS}/sampling/config", json={"max_tokens": 9})

    listed = {user: client.as_user(user).get(PLUGINS) for user in ("admin_a", "admin_b")}

    assert [response.status_code for response in listed.values()] == [200, 200]
    states = {
        user: [(plugin["name"], plugin["enabled"], plugin["config"]) for plugin in response.json()]
        for user, response in listed.items()
    }
    assert states == {
        "admin_a": [
            ("instructions", False, None),
            ("masking", True, MASKING),
            ("sampling", False, {"max_tokens": 9}),
        ],
        "admin_b": [("instructions", False, None), ("masking", False, None), ("sampling", False, None)],
    }


@pytest.mark.parametrize("user", ["viewer_a", "operator_a"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("GET", "/sampling"),
        ("GET", "/no-such-plugin"),
        ("POST", "/sampling/enable"),
        ("POST", "/sampling/disable"),
        ("GET", "/sampling/config"),
        ("PUT", "/sampling/config"),
        ("PATCH", "/sampling/config"),
        ("DELETE", "/sampling/config"),
    ],
)
def test_nobody_but_an_admin_may_use_plugins(client, admin, registered, user, method, path):
    admin.put(f"{PLUGINS}/sampling/config", json={"temperature": 1})
    as_json = {"Content-Type": "application/json"}

    for body in ('{"temperature": 2}', '{"temperature": 3}', "{"):
        refused = client.as_user(user).request(method, f"{PLUGINS}{path}", content=body, headers=as_json)
        assert refusal(refused) == (403, "FORBIDDEN")
    assert registered() == {"sampling": (False, {"temperature": 1})}


@pytest.mark.parametrize(
    ("plugin", "body", "field"),
    [
        ("sampling", '{"temperature": 2.1}', "temperature"),
        ("sampling", '{"temperature": "hot"}', "temperature"),
        ("sampling", '{"temperature": NaN}', "temperature"),
        ("sampling", '{"max_tokens": 0}', "max_tokens"),
        ("sampling", '{"max_tokens": 1.5}', "max_tokens"),
        ("sampling", '{"top_p": 1}', "top_p"),
        ("masking", "{}", "words"),
        ("masking", '{"words": null}', "words"),
        ("masking", '{"words": []}', "words"),
        ("masking", '{"words": ["a", "a"]}', "words"),
        ("masking", '{"words": ["a", 7]}', "words.1"),
        ("instructions", '{"text": "\\ud800"}', "text"),
        ("instructions", '{"text": ""}', "text"),
        ("instructions", "[]", "body"),
    ],
)
def test_an_invalid_configuration_is_422_and_names_the_field(admin, registered, plugin, body, field):
    path, as_json = f"{PLUGINS}/{plugin}/config", {"Content-Type": "application/json"}

    assert invalid_field(admin.put(path, content=body, headers=as_json)) == field
    assert registered() == {}

    # What a patch leads to is held against the schema as a whole.
    valid = {"sampling": {"max_tokens": 9}, "masking": MASKING, "instructions": INSTRUCTIONS}[plugin]
    assert admin.put(path, json=valid).status_code == 200
    if body != "{}":
        assert invalid_field(admin.patch(path, content=body, headers=as_json)) == field
    assert registered() == {plugin: (False, valid)}


def test_the_available_plugins_are_described(admin, registered):
    listed = admin.get(PLUGINS).json()

    assert [plugin["name"] for plugin in listed] == ["instructions", "masking", "sampling"]
    for plugin in listed:
        assert plugin["description"]
        Draft202012Validator.check_schema(plugin["config_schema"])
        one = admin.get(f"{PLUGINS}/{plugin['name']}")
        assert (one.status_code, one.json()) == (200, plugin)
    # Those that need a configuration say so, and cannot be enabled without.
    needed = {plugin["name"]: plugin["config_schema"]["required"] for plugin in listed}
    assert needed == {"instructions": ["text"], "masking": ["words"], "sampling": []}
    for name in ("instructions", "masking"):
        assert invalid_field(admin.post(f"{PLUGINS}/{name}/enable")) == needed[name][0]
    enabled = admin.post(f"{PLUGINS}/sampling/enable")
    assert (enabled.status_code, enabled.json()["enabled"]) == (200, True)
    assert registered() == {"sampling": (True, None)}

    unknown = f"{PLUGINS}/no-such-plugin"
    for refused in (
        admin.get(unknown),
        admin.post(f"{unknown}/enable"),
        admin.post(f"{unknown}/disable"),
        admin.get(f"{unknown}/config"),
        admin.put(f"{unknown}/config", json={}),
        admin.patch(f"{unknown}/config", json={}),
        admin.delete(f"{unknown}/config"),
    ):
        assert refusal(refused) == (404, "NOT_FOUND")


@pytest.mark.mock
async def test_the_state_survives_requests_and_processes(async_client, identities, registered, fakes):
    admin, viewer = async_client.as_user("admin_a"), async_client.as_user("viewer_a")
    sampling = {"temperature": 0.5, "max_tokens": 7}
    for name, config in (("masking", MASKING), ("sampling", sampling)):
        assert (await admin.put(f"{PLUGINS}/{name}/config", json=config)).status_code == 200
        assert (await admin.post(f"{PLUGINS}/{name}/enable")).status_code == 200
    before = (await admin.get(PLUGINS)).json()

    chat = {"message": "acme holding owes Acme"}
    answers = [await viewer.post("/api/v1/chat", json=chat) for _ in range(2)]
    async with another_application() as other:
        listed = await other.get(PLUGINS, headers=bearer(identities.token("admin_a")))
        as_viewer = bearer(identities.token("viewer_a"))
        answers.append(await other.post("/api/v1/chat", json=chat, headers=as_viewer))

    assert listed.json() == before == (await admin.get(PLUGINS)).json()
    assert registered() == {"masking": (True, MASKING), "sampling": (True, sampling)}
    assert [answer.json()["response"] for answer in answers] == ["[client] owes [client]"] * 3
    asked = {"temperature": 0.5, "max_completion_tokens": 7}
    for call in fakes.openai.calls():
        assert {name: call.json[name] for name in asked} == asked
        assert call.json["messages"] == [{"role": "user", "content": "[client] owes [client]"}]


@pytest.mark.mock
def test_another_tenant_is_unaffected(client, admin, registered, fakes):
    bob = client.as_user("admin_b")
    untouched = bob.get(PLUGINS).json()
    admin.put(f"{PLUGINS}/masking/config", json=MASKING)
    admin.post(f"{PLUGINS}/masking/enable")

    assert bob.get(PLUGINS).json() == untouched
    assert registered(TENANT_B) == {}
    assert bob.post("/api/v1/chat", json={"message": "Acme"}).json()["response"] == "Acme"
    assert refusal(bob.get(f"{PLUGINS}/masking/config")) == (404, "NOT_FOUND")
    assert refusal(bob.delete(f"{PLUGINS}/masking/config")) == (404, "NOT_FOUND")

    bob.put(f"{PLUGINS}/masking/config", json={"words": ["Bolt"]})
    bob.post(f"{PLUGINS}/masking/disable")
    assert registered(TENANT_A) == {"masking": (True, MASKING)}
    assert registered(TENANT_B) == {"masking": (False, {"words": ["Bolt"]})}
    answered = admin.post("/api/v1/chat", json={"message": "Acme and Bolt"})
    assert answered.json()["response"] == "[client] and Bolt"
    asked = [call.json["messages"][0]["content"] for call in fakes.openai.calls()]
    assert asked == ["Acme", "[client] and Bolt"]
