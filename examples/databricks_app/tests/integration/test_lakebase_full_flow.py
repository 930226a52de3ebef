"""Preferences in Lakebase: seven scenarios."""

from datetime import UTC, datetime

import pytest
from steps import PREFERENCES, another_application, invalid_field, refusal, save, stored

pytestmark = pytest.mark.integration


class TestLakebasePreferencesCRUD:
    def test_list_is_empty_at_first(self, alice, db):
        answered = alice.get(PREFERENCES)

        assert (answered.status_code, answered.json()) == (200, [])
        assert db.scalar("SELECT count(*) FROM user_preferences") == 0

    def test_isolation_between_users(self, alice, bob, users, db):
        save(alice, "theme", "dark")
        save(bob, "theme", "light")
        save(bob, "language", "en")

        assert stored(alice) == {"theme": "dark"}
        assert stored(bob) == {"theme": "light", "language": "en"}
        assert refusal(alice.delete(f"{PREFERENCES}/language")) == (404, "PREFERENCE_NOT_FOUND")
        assert db.rows("SELECT user_id, preference_key FROM user_preferences ORDER BY id") == [
            {"user_id": users.ids["user-a"], "preference_key": "theme"},
            {"user_id": users.ids["user-b"], "preference_key": "theme"},
            {"user_id": users.ids["user-b"], "preference_key": "language"},
        ]

    def test_create_preference(self, alice, users, db):
        began = datetime.now(UTC)
        value = {"layout": "wide", "columns": [1, 2.5, None, True], "name": "Zoë"}

        created = alice.post(PREFERENCES, json={"preference_key": "dashboard", "preference_value": value})

        assert created.status_code == 201
        answered = created.json()
        assert set(answered) == {
            "preference_key",
            "preference_value",
            "unreadable",
            "created_at",
            "updated_at",
        }
        assert (answered["preference_key"], answered["preference_value"]) == ("dashboard", value)
        assert answered["unreadable"] is False
        assert began <= datetime.fromisoformat(answered["created_at"]) <= datetime.now(UTC)
        assert alice.get(PREFERENCES).json() == [answered]
        (row,) = db.rows("SELECT user_id, preference_key, preference_value FROM user_preferences")
        assert row == {
            "user_id": users.ids["user-a"],
            "preference_key": "dashboard",
            "preference_value": value,
        }

    def test_same_key_updates(self, alice, db):
        first = save(alice, "theme", "dark")
        second = save(alice, "theme", {"name": "light"})

        assert second["preference_value"] == {"name": "light"}
        assert second["created_at"] == first["created_at"]
        assert second["updated_at"] > first["updated_at"]
        assert alice.get(PREFERENCES).json() == [second]
        assert db.scalar("SELECT count(*) FROM user_preferences") == 1

    def test_delete_preference(self, alice, bob, db):
        for caller in (alice, bob):
            save(caller, "theme", "dark")
        save(alice, "language", "en")

        deleted = alice.delete(f"{PREFERENCES}/theme")

        assert (deleted.status_code, deleted.content) == (204, b"")
        assert stored(alice) == {"language": "en"}
        assert stored(bob) == {"theme": "dark"}
        assert db.scalar("SELECT count(*) FROM user_preferences") == 2

    async def test_lakebase_not_configured_is_503_on_every_verb(self, identities, db):
        body = {"preference_key": "theme", "preference_value": "dark"}
        async with another_application(identities["user-a"].headers, pghost=None) as without:
            answers = [
                await without.get(PREFERENCES),
                await without.post(PREFERENCES, json=body),
                await without.delete(f"{PREFERENCES}/theme"),
            ]
            health = await without.get("/health")

        assert [refusal(answer) for answer in answers] == [(503, "LAKEBASE_NOT_CONFIGURED")] * 3
        assert (health.status_code, health.json()) == (200, {"status": "ok", "lakebase": "not configured"})
        assert db.scalar("SELECT count(*) FROM user_preferences") == 0

    def test_invalid_key_is_400_with_details(self, alice, db):
        refused = alice.post(PREFERENCES, json={"preference_key": "my theme", "preference_value": "dark"})

        assert invalid_field(refused, "INVALID_PREFERENCE") == "preference_key"
        assert "expected letters, digits, '_', '.' and '-', found ' '" in refused.json()["detail"]["message"]
        assert db.scalar("SELECT count(*) FROM user_preferences") == 0


# Beside the seven: what `pytest .../test_lakebase_full_flow.py::test_create_preference` runs.
def test_create_preference(alice):
    """Every kind of JSON value comes back as it was sent."""
    values = {
        "text": "",
        "number": -1.5,
        "integer": 2**70,
        "flag": False,
        "nothing": None,
        "list": [[], {}],
    }

    for key, value in values.items():
        save(alice, key, value)

    assert stored(alice) == values
