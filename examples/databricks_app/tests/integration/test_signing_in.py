"""Tokens: missing, wrong, expired, taken back; and what the workspace says of their owner."""

import pytest
from reference import CHAT, CUSTOMERS, USER_A, USER_B, place
from sites import serving
from steps import ENDPOINTS, INVOKE, LOGS, ME, PREFERENCES, QUERY, another_application, chat, refusal

pytestmark = pytest.mark.integration

HEADER = "X-Forwarded-Access-Token"
EVERYTHING = [
    ("GET", PREFERENCES, None),
    ("POST", PREFERENCES, {"preference_key": "theme", "preference_value": "dark"}),
    ("DELETE", f"{PREFERENCES}/theme", None),
    ("GET", "/api/unity-catalog/catalogs", None),
    ("POST", QUERY, place(CUSTOMERS)),
    ("GET", ENDPOINTS, None),
    ("POST", INVOKE, {"endpoint_name": CHAT, "inputs": chat("Hi")}),
    ("GET", LOGS, None),
    ("GET", ME, None),
    ("GET", f"{ME}/workspace", None),
]


def with_token(client, token):
    caller = client.anonymous()
    caller.headers[HEADER] = token
    return caller


def test_who_one_is(alice, bob):
    answered = [each.get(ME) for each in (alice, bob)]

    assert [each.status_code for each in answered] == [200, 200]
    a, b = (each.json() for each in answered)
    assert (a["email"], b["email"]) == (USER_A, USER_B)
    assert a["user_id"] != b["user_id"]
    assert a["active"] is True
    assert a["display_name"]


def test_where_one_is(alice, app):
    answered = alice.get(f"{ME}/workspace")

    assert answered.status_code == 200
    assert answered.json()["workspace_id"].isdigit()
    assert answered.json()["workspace_url"] == app.state.resources.settings.databricks_host.rstrip("/")


@pytest.mark.parametrize(("method", "path", "body"), EVERYTHING)
def test_without_a_token_nothing_is_answered(client, fakes, method, path, body):
    refused = client.anonymous().request(method, path, json=body)

    assert refusal(refused) == (401, "AUTH_MISSING")
    assert not fakes.databricks.calls()


@pytest.mark.parametrize("token", ["wrong", "dapi" + "0" * 32, "two words", "a\nline", "ünïcode"])
def test_a_wrong_token_is_refused(client, token):
    for method, path, body in EVERYTHING:
        refused = with_token(client, token).request(method, path, json=body)
        assert refusal(refused) == (401, "AUTH_INVALID")


def test_a_malformed_request_of_a_stranger_says_nothing_of_its_body(client):
    refused = client.anonymous().post(PREFERENCES, content=b"{", headers={"Content-Type": "application/json"})

    assert refusal(refused) == (401, "AUTH_MISSING")


@pytest.mark.mock("databricks")
def test_an_expired_token_is_refused(client, fakes):
    token = fakes.databricks.users["user-a"].issue_token(expires_in=-60)

    assert refusal(with_token(client, token).get(ME)) == (401, "AUTH_INVALID")


@pytest.mark.mock("databricks")
def test_a_token_that_is_taken_back_is_noticed_at_once(client, alice, bob, fakes):
    second = with_token(client, fakes.databricks.users["user-a"].issue_token())
    assert [each.get(ME).status_code for each in (alice, second, bob)] == [200, 200, 200]

    fakes.databricks.users["user-a"].revoke_token()

    assert [refusal(each.get(ME)) for each in (alice, second)] == [(401, "AUTH_INVALID")] * 2
    assert bob.get(ME).status_code == 200


@pytest.mark.mock("databricks")
def test_a_user_who_is_not_active_is_refused(alice, fakes):
    fakes.databricks.users["user-a"].deactivate()

    assert refusal(alice.get(ME)) == (401, "AUTH_INVALID")


@pytest.mark.mock("databricks")
@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_however_the_workspace_refuses_a_token(alice, fakes, status):
    fakes.databricks.fail(status)

    assert refusal(alice.get(ME)) == (401, "AUTH_INVALID")
    assert alice.get(ME).status_code == 200


@pytest.mark.parametrize("body", [b'{"userName": "somebody"}', b'{"id": "7", "active": false}', b"{}"])
async def test_a_workspace_that_vouches_for_nobody(identities, body):
    headers = identities["user-a"].headers
    page = serving(body, content_type="application/json")
    async with page as address, another_application(headers, databricks_host=address) as odd:
        refused = await odd.get(ME)

    assert refusal(refused) == (401, "AUTH_INVALID")
