"""What breaks, how the application says so, and that it recovers: four scenarios."""

import pytest
from reference import CHAT, CLASSIFIER, CUSTOMERS, PETALS, USER_A, place
from steps import (
    INVOKE,
    LOGS,
    PREFERENCES,
    QUERY,
    another_application,
    chat,
    invoke,
    patient,
    refusal,
    save,
    stored,
)

pytestmark = pytest.mark.integration

# Nested deeper than Python's recursion, longer than its integers, larger than its floats.
UNREADABLE = [
    "(repeat('[', 5000) || repeat(']', 5000))",
    "('1' || repeat('0', 5000))",
    "('1' || repeat('0', 400) || '.5')",
]


class TestErrorRecovery:
    @pytest.mark.parametrize("broken", ["terminate", "reset", "down", "hang"])
    async def test_database_gone_and_back(self, async_client, identities, db, broken):
        caller = patient(async_client.as_user("user-a"))
        theme = {"preference_key": "theme", "preference_value": "dark"}
        assert (await caller.post(PREFERENCES, json=theme)).status_code == 201
        # Who waits for a silent database does so for as long as the settings say.
        limits = {"database_timeout_seconds": 0.05} if broken == "hang" else {}
        async with another_application(identities["user-a"].headers, **limits) as waiting:
            cut_off = waiting if broken == "hang" else caller
            with getattr(db.faults, broken)():
                refused = [
                    await cut_off.get(PREFERENCES),
                    await cut_off.post(PREFERENCES, json={**theme, "preference_value": "light"}),
                    await cut_off.delete(f"{PREFERENCES}/theme"),
                    await cut_off.get(LOGS),
                ]
                asked = await cut_off.post(INVOKE, json={"endpoint_name": CLASSIFIER, "inputs": PETALS})
        back = await caller.get(PREFERENCES)

        assert [refusal(each) for each in refused] == [(503, "DATABASE_UNAVAILABLE")] * 4
        # The model was asked and has answered: that is not thrown away with the log.
        assert (asked.status_code, asked.json()["logged"]) == (200, False)
        assert [each["preference_value"] for each in back.json()] == ["dark"]
        assert db.scalar("SELECT count(*) FROM model_inference_logs") == 0

    @pytest.mark.mock("databricks")
    def test_model_fails_once_and_then_succeeds(self, alice, fakes, db):
        model = fakes.databricks.endpoints[CHAT]
        path = f"/serving-endpoints/{CHAT}/invocations"

        # What is transient is tried again, and the caller does not notice.
        model.fail(503, retry_after=0)
        model.reply("Here I am.")
        answered = invoke(alice, CHAT, chat("Hello?"))
        assert answered["predictions"]["choices"][0]["message"]["content"] == "Here I am."
        fakes.databricks.assert_called(times=1, attempts=2, path=path)

        # What is not is told at once, and the next request finds the model well.
        model.fail(500)
        refused = alice.post(INVOKE, json={"endpoint_name": CHAT, "inputs": chat("Hello?")})
        assert refusal(refused) == (503, "MODEL_UNAVAILABLE")
        assert invoke(alice, CHAT, chat("Hello?"))["status"] == "SUCCESS"
        logged = db.rows("SELECT status FROM model_inference_logs ORDER BY id")
        assert [row["status"] for row in logged] == ["SUCCESS", "ERROR", "SUCCESS"]

    @pytest.mark.mock("databricks")
    def test_permission_revoked_in_mid_session_is_403_at_once(self, alice, fakes):
        before = alice.get(QUERY, params=place(CUSTOMERS))
        fakes.databricks.revoke(USER_A, "SELECT", on=CUSTOMERS)
        after = alice.get(QUERY, params=place(CUSTOMERS))
        fakes.databricks.grant(USER_A, "SELECT", on=CUSTOMERS)
        again = alice.get(QUERY, params=place(CUSTOMERS))

        assert (before.status_code, before.json()["total_row_count"]) == (200, 5)
        assert refusal(after) == (403, "CATALOG_PERMISSION_DENIED")
        assert again.json() == before.json()

    def test_a_corrupt_row_does_not_crash_the_list(self, alice, users, db):
        save(alice, "theme", "dark")
        for number, value in enumerate(["'\"text\"'", "'[1]'", "'null'", *UNREADABLE]):
            db.execute(
                "INSERT INTO user_preferences (user_id, preference_key, preference_value)"
                f" VALUES (%s, %s, {value}::jsonb)",
                users.ids["user-a"],
                f"no key / {number}",
            )
            db.execute(
                "INSERT INTO model_inference_logs (request_id, endpoint_name, user_id, inputs, predictions,"
                f" status, execution_time_ms)"
                f" VALUES (gen_random_uuid(), '', %s, {value}::jsonb, {value}::jsonb, 'SUCCESS', -1)",
                users.ids["user-a"],
            )
        save(alice, "language", "en")

        listed = alice.get(PREFERENCES)
        logs = alice.get(LOGS)

        assert listed.status_code == 200
        assert [(each["preference_value"], each["unreadable"]) for each in listed.json()] == [
            ("dark", False),
            ("text", False),
            ([1], False),
            (None, False),
            *[(None, True)] * 3,
            ("en", False),
        ]
        assert logs.status_code == 200
        assert [(log["inputs"], log["predictions"], log["unreadable"]) for log in logs.json()["logs"]] == [
            ("text", "text", False),
            ([1], [1], False),
            (None, None, False),
            *[(None, None, True)] * 3,
        ]
        # Nor can it not be got rid of.
        assert alice.delete(f"{PREFERENCES}/no key %2F 5").status_code == 204
        assert "no key / 5" not in stored(alice)
