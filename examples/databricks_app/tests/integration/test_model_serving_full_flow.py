"""Models, their invocation and its history: ten scenarios."""

from datetime import UTC, datetime

import pytest
from reference import CHAT, CLASSIFIER, CLASSIFIER_INPUT, PETALS
from steps import (
    ENDPOINTS,
    INVOKE,
    LOGS,
    another_application,
    chat,
    invalid_field,
    invoke,
    refusal,
)

pytestmark = pytest.mark.integration


class TestModelServingFullFlow:
    def test_list_endpoints(self, alice):
        listed = alice.get(ENDPOINTS)

        assert listed.status_code == 200
        assert [(each["name"], each["task"], each["state"]) for each in listed.json()] == [
            (CLASSIFIER, None, "READY"),
            (CHAT, "llm/v1/chat", "READY"),
        ]

    def test_endpoint_details(self, alice):
        details = alice.get(f"{ENDPOINTS}/{CLASSIFIER}")

        assert details.status_code == 200
        found = details.json()
        assert (found["name"], found["task"], found["state"]) == (CLASSIFIER, None, "READY")
        assert len(found["served_models"]) == 1
        assert found["creator"]
        assert datetime.fromisoformat(found["last_updated"]) <= datetime.now(UTC)

    def test_unknown_endpoint_is_404(self, alice, db):
        missing = [
            alice.get(f"{ENDPOINTS}/no-such-model"),
            alice.get(f"{ENDPOINTS}/no-such-model/schema"),
            alice.post(INVOKE, json={"endpoint_name": "no-such-model", "inputs": chat("Hi")}),
        ]

        assert [refusal(each) for each in missing] == [(404, "ENDPOINT_NOT_FOUND")] * 3
        assert db.scalar("SELECT count(*) FROM schema_detection_events") == 0

    def test_schema_with_an_example(self, alice, users, db):
        foundation = alice.get(f"{ENDPOINTS}/{CHAT}/schema").json()
        own = alice.get(f"{ENDPOINTS}/{CLASSIFIER}/schema").json()

        assert (foundation["detected_type"], foundation["status"]) == ("FOUNDATION_MODEL", "SUCCESS")
        assert foundation["json_schema"]["required"] == ["messages"]
        assert (own["detected_type"], own["status"]) == ("MLFLOW_MODEL", "SUCCESS")
        assert own["json_schema"] == CLASSIFIER_INPUT
        # An example is worth nothing unless the model takes it.
        for name, found in ((CHAT, foundation), (CLASSIFIER, own)):
            assert invoke(alice, name, found["example"])["status"] == "SUCCESS"
        assert db.rows(
            "SELECT endpoint_name, user_id, detected_type, status FROM schema_detection_events ORDER BY id"
        ) == [
            {
                "endpoint_name": name,
                "user_id": users.ids["user-a"],
                "detected_type": kind,
                "status": "SUCCESS",
            }
            for name, kind in ((CHAT, "FOUNDATION_MODEL"), (CLASSIFIER, "MLFLOW_MODEL"))
        ]

    def test_invoke_a_model(self, alice):
        answered = invoke(alice, CLASSIFIER, PETALS, timeout_seconds=20)

        assert answered["predictions"] == {"predictions": ["setosa", "virginica"]}
        assert (answered["endpoint_name"], answered["status"]) == (CLASSIFIER, "SUCCESS")
        assert answered["logged"] is True
        assert answered["execution_time_ms"] >= 0
        talked = invoke(alice, CHAT, chat("Hello"))
        assert talked["predictions"]["choices"][0]["message"]["content"]

    def test_an_invocation_is_logged_with_the_user(self, alice, users, db):
        answered = invoke(alice, CLASSIFIER, PETALS)

        (row,) = db.rows("SELECT * FROM model_inference_logs")
        assert str(row["request_id"]) == answered["request_id"]
        assert (row["user_id"], row["endpoint_name"]) == (users.ids["user-a"], CLASSIFIER)
        assert (row["inputs"], row["predictions"]) == (PETALS, answered["predictions"])
        assert (row["status"], row["error_message"]) == ("SUCCESS", None)
        assert row["execution_time_ms"] == answered["execution_time_ms"]
        assert row["created_at"] <= row["completed_at"] <= datetime.now(UTC)

    def test_logs_are_paged_and_only_ones_own(self, alice, bob, users):
        own = [invoke(alice, CLASSIFIER, PETALS)["request_id"] for _ in range(5)]
        other = invoke(bob, CLASSIFIER, PETALS)["request_id"]

        first, rest = (alice.get(LOGS, params={"limit": 3, "offset": offset}).json() for offset in (0, 3))
        seen_by_b = bob.get(LOGS).json()

        assert [log["request_id"] for log in first["logs"] + rest["logs"]] == own
        assert (first["total_count"], rest["total_count"]) == (5, 5)
        assert {log["user_id"] for log in first["logs"] + rest["logs"]} == {users.ids["user-a"]}
        assert ([log["request_id"] for log in seen_by_b["logs"]], seen_by_b["total_count"]) == ([other], 1)

    @pytest.mark.mock("databricks")
    def test_a_model_that_takes_too_long_is_503(self, alice, fakes, db):
        fakes.databricks.endpoints[CHAT].hang()

        late = alice.post(INVOKE, json={"endpoint_name": CHAT, "inputs": chat("Hi"), "timeout_seconds": 1})

        assert refusal(late) == (503, "MODEL_TIMEOUT")
        (row,) = db.rows("SELECT status, predictions, error_message FROM model_inference_logs")
        assert row == {
            "status": "TIMEOUT",
            "predictions": None,
            "error_message": "The model did not answer in time.",
        }

    def test_invalid_input_is_400(self, alice, db):
        named = {"endpoint_name": CLASSIFIER}
        bodies = {
            "inputs": [named, {**named, "inputs": {}}, {**named, "inputs": ["a list"]}],
            "timeout_seconds": [
                {**named, "inputs": PETALS, "timeout_seconds": wrong} for wrong in (0, 301, "soon")
            ],
            "endpoint_name": [{"inputs": PETALS}, {"endpoint_name": "", "inputs": PETALS}],
            "temperature": [{**named, "inputs": PETALS, "temperature": 1}],
        }

        for field, wrong in bodies.items():
            for body in wrong:
                assert invalid_field(alice.post(INVOKE, json=body), "INVALID_INPUT") == field, body
        assert db.scalar("SELECT count(*) FROM model_inference_logs") == 0
        # What only the model can know is refused the same way, and is in the history.
        by_model = alice.post(
            INVOKE, json={**named, "inputs": {"dataframe_records": [{"petal_length": "long"}]}}
        )
        assert invalid_field(by_model, "INVALID_INPUT") == "inputs"
        assert db.scalar("SELECT status FROM model_inference_logs") == "ERROR"

    async def test_logs_without_lakebase_are_503(self, identities):
        async with another_application(identities["user-a"].headers, pghost=None) as without:
            refused = await without.get(LOGS)
            answered = await without.post(INVOKE, json={"endpoint_name": CLASSIFIER, "inputs": PETALS})

        assert refusal(refused) == (503, "LAKEBASE_NOT_CONFIGURED")
        # Models can be used without it; only nobody remembers.
        assert (answered.status_code, answered.json()["logged"]) == (200, False)
