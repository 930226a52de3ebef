"""Correlation ids, log records, metrics, health, and errors that nobody expected."""

import json
import re

import pytest
from reference import CLASSIFIER, PETALS
from steps import INVOKE, ME, PREFERENCES, refusal, save

pytestmark = pytest.mark.integration

HEADER = "X-Correlation-ID"


def records(capsys):
    """What was logged, as JSON."""
    return [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]


def test_the_callers_correlation_id_is_taken_and_echoed(alice):
    answered = alice.get(ME, headers={HEADER: "order-4711.a_b"})

    assert answered.headers[HEADER] == "order-4711.a_b"


@pytest.mark.parametrize("sent", [None, "", "two words", "a\nb", "x" * 129, '{"a": 1}'])
def test_without_a_well_formed_one_there_is_a_new_one(alice, sent):
    headers = {} if sent is None else {HEADER: sent}
    first, second = (alice.get(ME, headers=headers).headers[HEADER] for _ in range(2))

    assert first != second
    for made in (first, second):
        assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", made)


def test_refusals_carry_it_too(client):
    for path in (ME, "/nowhere"):
        refused = client.anonymous().get(path, headers={HEADER: "mine"})
        assert (refused.is_error, refused.headers[HEADER]) == (True, "mine")


def test_every_record_of_a_request_has_its_id(alice, db, capsys):
    with db.faults.down():
        alice.post(INVOKE, json={"endpoint_name": CLASSIFIER, "inputs": PETALS}, headers={HEADER: "first"})
    alice.get(f"{PREFERENCES}?limit=1", headers={HEADER: "second"})

    logged = [record for record in records(capsys) if record["logger"].startswith("server.")]
    assert [(record["message"], record["level"], record["correlation_id"]) for record in logged] == [
        ("an invocation could not be logged", "WARNING", "first"),
        ("request", "INFO", "first"),
        ("request", "INFO", "second"),
    ]
    assert {key: logged[2][key] for key in ("method", "route", "status")} == {
        "method": "GET",
        "route": PREFERENCES,
        "status": 200,
    }
    assert logged[2]["duration_ms"] > 0


def test_no_record_has_a_token(alice, identities, db, capsys):
    token = identities["user-a"].headers["X-Forwarded-Access-Token"]
    alice.get(ME)
    with db.faults.down():
        alice.get(PREFERENCES)
        alice.post(INVOKE, json={"endpoint_name": CLASSIFIER, "inputs": PETALS})

    written = capsys.readouterr().err
    assert written
    assert token not in written


def test_metrics_count_requests_and_invocations(alice, client):
    def figures():
        text = client.anonymous().get("/metrics").text
        return dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))

    deleted = f'http_requests_total{{method="DELETE",route="{PREFERENCES}/{{key:path}}",status="404"}}'
    invoked = f'model_invocations_total{{endpoint="{CLASSIFIER}",status="SUCCESS"}}'
    unknown = 'http_requests_total{method="GET",route="unmatched",status="404"}'
    before = figures()
    for key in ("one", "two"):
        alice.delete(f"{PREFERENCES}/{key}")
    alice.post(INVOKE, json={"endpoint_name": CLASSIFIER, "inputs": PETALS})
    client.anonymous().get("/one/path")
    client.anonymous().get("/another/path")
    after = figures()

    grown = {name: float(after[name]) - float(before.get(name, 0)) for name in (deleted, invoked, unknown)}
    assert grown == {deleted: 2, invoked: 1, unknown: 2}
    assert not [name for name in after if "/one/path" in name or "two" in name]


def test_health_asks_nobody(client, fakes, db):
    with db.faults.down():
        answered = client.anonymous().get("/health")

    assert (answered.status_code, answered.json()) == (200, {"status": "ok", "lakebase": "configured"})
    assert not fakes.databricks.calls()


def test_an_unknown_path_and_a_wrong_verb(client, alice):
    assert refusal(client.anonymous().get("/api/nothing")) == (404, "NOT_FOUND")
    wrong = alice.put(PREFERENCES, json={})
    assert refusal(wrong) == (405, "METHOD_NOT_ALLOWED")
    assert wrong.headers["Allow"]


def test_an_error_nobody_expected_says_nothing(alice, db, capsys):
    save(alice, "theme", "dark")
    db.execute("ALTER TABLE user_preferences RENAME TO gone")

    broken = alice.get(PREFERENCES, headers={HEADER: "mine"})

    assert refusal(broken) == (500, "INTERNAL_SERVER_ERROR")
    assert broken.headers[HEADER] == "mine"
    assert "user_preferences" not in broken.text
    (told,) = [record for record in records(capsys) if record["message"] == "internal error"]
    assert (told["level"], told["correlation_id"]) == ("ERROR", "mine")
    assert 'relation "user_preferences" does not exist' in told["exc_info"]
