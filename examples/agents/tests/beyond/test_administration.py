"""Users and settings of a tenant, as its administrator changes them."""

import pytest
from steps import TENANT_A, UNKNOWN_ID, USER_IDS, bearer, invalid_field, refusal

pytestmark = pytest.mark.integration

USERS = "/api/v1/admin/users"


def test_a_user_is_created_once_for_each_tenant(client, identities, db):
    admin = client.as_user("admin_a")
    new = {"external_id": "new", "email": "new@example.com", "role": "operator"}

    created = admin.post(USERS, json=new)
    assert created.status_code == 201
    assert {name: created.json()[name] for name in new} == new
    assert refusal(admin.post(USERS, json={"external_id": "new"})) == (409, "USER_EXISTS")
    assert client.as_user("admin_b").post(USERS, json={"external_id": "new"}).status_code == 201

    rows = db.rows("SELECT tenant_id, role FROM users WHERE external_id = 'new' ORDER BY tenant_id")
    assert [(str(row["tenant_id"]) == TENANT_A, row["role"]) for row in rows] == [
        (True, "operator"),
        (False, "viewer"),
    ]
    as_new = bearer(identities.token("viewer_a", sub="new"))
    assert client.anonymous().get("/api/v1/analytics/export?format=csv", headers=as_new).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "external_id"),
        ({"external_id": ""}, "external_id"),
        ({"external_id": "nul\0"}, "external_id"),
        ({"external_id": "new", "role": "owner"}, "role"),
        ({"external_id": "new", "email": "nobody"}, "email"),
        ({"external_id": "new", "is_active": False}, "is_active"),
    ],
)
def test_a_user_that_is_not_well_described_is_422(client, db, body, field):
    assert invalid_field(client.as_user("admin_a").post(USERS, json=body)) == field
    assert db.scalar("SELECT count(*) FROM users") == 4


def test_a_change_counts_from_the_next_request_on(client, db):
    admin, viewer = client.as_user("admin_a"), client.as_user("viewer_a")
    path = f"{USERS}/{USER_IDS['viewer_a']}"
    assert refusal(viewer.get(USERS)) == (403, "FORBIDDEN")

    promoted = admin.patch(path, json={"role": "admin"})
    assert (promoted.status_code, promoted.json()["role"]) == (200, "admin")
    assert viewer.get(USERS).status_code == 200
    deactivated = admin.patch(path, json={"is_active": False})
    assert (deactivated.status_code, deactivated.json()["is_active"]) == (200, False)
    assert refusal(viewer.get(USERS)) == (403, "USER_INACTIVE")

    assert refusal(admin.patch(f"{USERS}/{UNKNOWN_ID}", json={"role": "viewer"})) == (404, "NOT_FOUND")
    logged = db.rows("SELECT action, object_id FROM audit_log")
    assert [(row["action"], str(row["object_id"])) for row in logged] == [
        ("user.changed", USER_IDS["viewer_a"])
    ] * 2


def test_the_settings_of_the_tenant_are_changed(client, db):
    admin = client.as_user("admin_a")

    changed = admin.patch("/api/v1/admin/tenant", json={"name": " Ours ", "chat_limit_per_minute": 7})

    assert changed.status_code == 200
    assert (changed.json()["name"], changed.json()["chat_limit_per_minute"]) == ("Ours", 7)
    assert admin.get("/api/v1/admin/tenant").json() == changed.json()
    rows = db.rows("SELECT name, chat_limit_per_minute FROM tenants ORDER BY name")
    assert [tuple(row.values()) for row in rows] == [("Ours", 7), ("Tenant B", None)]
    for body, field in [({"name": ""}, "name"), ({"chat_limit_per_minute": 0}, "chat_limit_per_minute")]:
        assert invalid_field(admin.patch("/api/v1/admin/tenant", json=body)) == field
    cleared = admin.patch("/api/v1/admin/tenant", json={"chat_limit_per_minute": None})
    assert cleared.json()["chat_limit_per_minute"] is None
