"""Nobody sees, changes or speaks for anybody else."""

import pytest
from reference import CLASSIFIER, CUSTOMERS, PETALS, place
from steps import LOGS, ME, PREFERENCES, QUERY, invoke, refusal, save, stored

pytestmark = pytest.mark.integration


def test_user_a_cannot_see_user_b_preferences(alice, bob):
    save(bob, "secret", "of B")

    assert stored(alice) == {}
    assert alice.get(PREFERENCES, params={"user_id": "anybody"}).json() == []


def test_user_a_cannot_overwrite_user_b_preferences(alice, bob):
    save(bob, "theme", "light")
    save(alice, "theme", "dark")

    assert stored(bob) == {"theme": "light"}


def test_user_a_cannot_see_user_b_invocations(alice, bob):
    invoke(bob, CLASSIFIER, PETALS)

    assert alice.get(LOGS).json() == {"logs": [], "total_count": 0}


def test_identity_isolation_of_a_user_named_in_the_body(alice, bob):
    refused = alice.post(
        PREFERENCES,
        json={
            "preference_key": "theme",
            "preference_value": "dark",
            "user_id": bob.get(ME).json()["user_id"],
        },
    )

    assert refusal(refused) == (400, "INVALID_PREFERENCE")
    assert stored(bob) == {}


def test_each_call_to_the_workspace_carries_the_callers_token(alice, bob, fakes):
    alice.get(QUERY, params=place(CUSTOMERS))
    bob.get(QUERY, params=place(CUSTOMERS))

    assert refusal(bob.get(QUERY, params=place(CUSTOMERS))) == (403, "CATALOG_PERMISSION_DENIED")
    paths = [call.path for call in fakes.databricks.calls()]
    # The service principal is asked for nothing: it has no part in a user's data.
    assert not [path for path in paths if path.startswith("/oidc/") or path.endswith("/credentials")]


@pytest.mark.mock("databricks")
def test_one_bad_token_does_not_affect_another_user(client, alice):
    stranger = client.anonymous()
    stranger.headers["X-Forwarded-Access-Token"] = "not-a-token"

    for _ in range(3):
        assert refusal(stranger.get(PREFERENCES)) == (401, "AUTH_INVALID")
        assert alice.get(ME).status_code == 200
