"""Models at their limits: schemas nobody knows, what is kept of them, strange answers, busy endpoints."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from reference import CHAT, CLASSIFIER, PETALS, USER_A, USER_B, described
from sites import serving
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

pytestmark = [pytest.mark.integration, pytest.mark.mock("databricks")]

OPENAPI = f"/api/2.0/serving-endpoints/{CLASSIFIER}/openapi"


def schema_of(caller, name):
    answered = caller.get(f"{ENDPOINTS}/{name}/schema")
    assert answered.status_code == 200, answered.text
    return answered.json()


@pytest.mark.parametrize(
    ("openapi", "reason"),
    [
        (None, "the workspace has no OpenAPI description of it"),
        ({"openapi": "3.1.0", "paths": {}}, "its OpenAPI description says nothing about a request body"),
        ({"paths": {"/x": {"get": {}}}}, "its OpenAPI description says nothing about a request body"),
        (described("text"), "its OpenAPI description says nothing about a request body"),
        ({"paths": []}, "its OpenAPI description says nothing about a request body"),
    ],
)
def test_an_unknown_schema_says_why(alice, fakes, db, openapi, reason):
    fakes.databricks.endpoint("mystery", predict=len, openapi=openapi)

    found = schema_of(alice, "mystery")

    assert (found["detected_type"], found["status"]) == ("UNKNOWN", "FAILURE")
    assert (found["json_schema"], found["example"]) == (None, None)
    assert found["message"].startswith(f"The input of 'mystery' is not known: {reason}.")
    assert "Log the model with a signature" in found["message"]
    assert db.rows("SELECT detected_type, status, message FROM schema_detection_events") == [
        {"detected_type": "UNKNOWN", "status": "FAILURE", "message": found["message"]}
    ]


def test_a_schema_is_detected_once(alice, bob, fakes, db):
    first, again, by_another = (
        schema_of(alice, CLASSIFIER),
        schema_of(alice, CLASSIFIER),
        schema_of(bob, CLASSIFIER),
    )

    assert first == again == by_another
    fakes.databricks.assert_called(times=1, path=OPENAPI)
    assert db.scalar("SELECT count(*) FROM schema_detection_events") == 1


def test_a_schema_is_detected_again_after_its_time(alice, fakes):
    schema_of(alice, CLASSIFIER)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=6)):
        schema_of(alice, CLASSIFIER)

    fakes.databricks.assert_called(times=2, path=OPENAPI)


def test_what_is_kept_of_a_schema_is_no_permission(alice, bob, fakes):
    schema_of(alice, CLASSIFIER)
    fakes.databricks.endpoints[CLASSIFIER].allow(USER_A)

    refused = bob.get(f"{ENDPOINTS}/{CLASSIFIER}/schema")

    assert refusal(refused) == (403, "ENDPOINT_PERMISSION_DENIED")
    assert schema_of(alice, CLASSIFIER)["detected_type"] == "MLFLOW_MODEL"


def test_a_schema_is_found_without_lakebase_and_without_its_database(alice, db):
    with db.faults.down():
        found = schema_of(alice, CLASSIFIER)

    assert found["detected_type"] == "MLFLOW_MODEL"
    assert db.scalar("SELECT count(*) FROM schema_detection_events") == 0


async def test_a_schema_without_lakebase(identities):
    async with another_application(identities["user-a"].headers, pghost=None) as without:
        answered = await without.get(f"{ENDPOINTS}/{CHAT}/schema")

    assert (answered.status_code, answered.json()["detected_type"]) == (200, "FOUNDATION_MODEL")


@pytest.mark.parametrize(
    ("schema", "example"),
    [
        ({"type": "object"}, {}),
        ({"type": "array", "items": {"type": "string"}}, {}),
        ({"properties": {"a": {"type": "integer"}, "b": {"type": "boolean"}}}, {"a": 0, "b": False}),
        (
            {"properties": {"a": {"enum": ["x", "y"]}, "b": {"example": 7}, "c": {"const": 1}}},
            {"a": "x", "b": 7, "c": 1},
        ),
        ({"properties": {"a": {"anyOf": [{"type": "string"}, {"type": "null"}]}}}, {"a": "text"}),
        ({"properties": {"a": {"type": "array", "items": {"type": "number"}}}}, {"a": [0.0]}),
        ({"properties": {"a": True, "b": {"type": ["string", "null"]}}}, {"a": None, "b": None}),
        ({"properties": {"inputs": {"type": "array", "default": [[1, 2]]}}}, {"inputs": [[1, 2]]}),
    ],
)
def test_examples_of_many_schemas(alice, fakes, schema, example):
    fakes.databricks.endpoint("many", predict=len, openapi=described(schema))

    assert schema_of(alice, "many")["example"] == example


def test_names_of_endpoints_in_any_script(alice):
    for name in ("模型", "größe", "a%2Fb", "%2E%2E", "two%20words", "a%3Fb", "%E2%80%AE"):
        answered = alice.get(f"{ENDPOINTS}/{name}")
        # Some of them are no names at all, and the workspace says so.
        assert refusal(answered) in {
            (404, "ENDPOINT_NOT_FOUND"),
            (404, "NOT_FOUND"),
            (400, "INVALID_INPUT"),
        }, name
    for name in ("模型", "a/b", ".", "..", "../catalogs", "a?b=c", "a#b"):
        answered = alice.post(INVOKE, json={"endpoint_name": name, "inputs": chat("Hi")})
        assert refusal(answered) == (404, "ENDPOINT_NOT_FOUND"), name


def test_a_model_that_answers_what_jsonb_cannot_hold(alice, fakes, db):
    fakes.databricks.endpoints[CLASSIFIER].predict(["a\0b", {"k\0": 1.5}])

    answered = invoke(alice, CLASSIFIER, PETALS)

    mark = "\N{REPLACEMENT CHARACTER}"
    assert answered["predictions"] == {"predictions": [f"a{mark}b", {f"k{mark}": 1.5}]}
    assert answered["logged"] is True
    assert db.scalar("SELECT predictions FROM model_inference_logs") == answered["predictions"]


async def test_a_model_that_answers_what_json_cannot_hold(identities):
    # A whole workspace that says the same to everybody: who they are, and what its models predict.
    page = serving(b'{"id": "7", "predictions": [NaN, Infinity, 1.5]}', content_type="application/json")
    headers = identities["user-a"].headers
    async with page as address, another_application(headers, databricks_host=address) as odd:
        answered = await odd.post(INVOKE, json={"endpoint_name": CLASSIFIER, "inputs": PETALS})

    assert answered.status_code == 200
    assert answered.json()["predictions"]["predictions"] == [None, None, 1.5]
    # This one gives no token for Lakebase either.
    assert answered.json()["logged"] is False


def test_a_model_that_answers_too_deep(alice, fakes, db):
    fakes.databricks.endpoints[CLASSIFIER].predict(json.loads("[" * 100 + "]" * 100))

    refused = alice.post(INVOKE, json={"endpoint_name": CLASSIFIER, "inputs": PETALS})

    assert refusal(refused) == (503, "MODEL_UNAVAILABLE")
    assert db.scalar("SELECT status FROM model_inference_logs") == "ERROR"


def test_a_denied_model(alice, bob, fakes, db):
    fakes.databricks.endpoints[CLASSIFIER].allow(USER_B)

    refused = alice.post(INVOKE, json={"endpoint_name": CLASSIFIER, "inputs": PETALS})

    assert refusal(refused) == (403, "ENDPOINT_PERMISSION_DENIED")
    assert db.scalar("SELECT error_message FROM model_inference_logs") == "You may not use this endpoint."
    assert invoke(bob, CLASSIFIER, PETALS)["status"] == "SUCCESS"


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_model_is_asked_again_within_a_budget(alice, fakes, status):
    model = fakes.databricks.endpoints[CHAT]
    model.fail(status, times=3, retry_after=0)

    assert invoke(alice, CHAT, chat("Hi"))["status"] == "SUCCESS"
    fakes.databricks.assert_called(attempts=4, path=f"/serving-endpoints/{CHAT}/invocations")


async def test_a_model_that_stays_busy_says_when_to_come_back(identities, fakes, db):
    fakes.databricks.endpoints[CHAT].fail(429, times=None, retry_after=17)
    body = {"endpoint_name": CHAT, "inputs": chat("Hi")}
    headers = identities["user-a"].headers
    async with another_application(headers, workspace_retry_seconds=1) as impatient:
        refused = await impatient.post(INVOKE, json=body)

    assert refusal(refused) == (503, "MODEL_UNAVAILABLE")
    assert refused.json()["detail"]["retry_after"] == 17
    assert db.scalar("SELECT status FROM model_inference_logs") == "ERROR"


@pytest.mark.parametrize(("status", "code"), [(500, "MODEL_UNAVAILABLE"), (504, "MODEL_TIMEOUT")])
def test_a_model_that_is_broken(alice, fakes, status, code):
    fakes.databricks.endpoints[CHAT].fail(status)

    refused = alice.post(INVOKE, json={"endpoint_name": CHAT, "inputs": chat("Hi")})

    assert refusal(refused) == (503, code)


def test_a_broken_connection_to_a_model_is_mended(alice, fakes):
    fakes.databricks.endpoints[CHAT].reset_connection()

    assert invoke(alice, CHAT, chat("Hi"))["status"] == "SUCCESS"


def test_a_token_that_is_taken_back_between_sign_in_and_invocation(alice, fakes):
    fakes.databricks.endpoints[CHAT].fail(401)

    refused = alice.post(INVOKE, json={"endpoint_name": CHAT, "inputs": chat("Hi")})

    assert refusal(refused) == (401, "AUTH_INVALID")


@pytest.mark.parametrize(
    "inputs", ['{"a": "\\u0000"}', '{"a": NaN}', '{"a": "\\ud800"}', '{"a": ' + "[" * 80 + "]" * 80 + "}"]
)
def test_inputs_that_cannot_be_sent(alice, fakes, inputs):
    body = f'{{"endpoint_name": "{CLASSIFIER}", "inputs": {inputs}}}'

    refused = alice.post(INVOKE, content=body, headers={"Content-Type": "application/json"})

    assert invalid_field(refused, "INVALID_INPUT") == "inputs"
    assert not fakes.databricks.calls(method="POST")


def test_an_offset_past_the_end_of_the_logs(alice):
    invoke(alice, CLASSIFIER, PETALS)

    assert alice.get(LOGS, params={"offset": 1}).json() == {"logs": [], "total_count": 1}
