"""Fixtures in three scopes: reference data of a run, rows for the tests of a module, callers for one test."""

from dataclasses import dataclass

import pytest
import reference
from steps import patient, user_id


@dataclass(frozen=True)
class Reference:
    """What no test changes."""

    user_a: str
    user_b: str
    ids: dict[str, str]


@pytest.fixture(scope="session")
def users(shared_client):
    """Who calls: addresses, and the ids by which the workspace knows them."""
    ids = {name: user_id(shared_client.as_user(name)) for name in ("user-a", "user-b")}
    return Reference(user_a=reference.USER_A, user_b=reference.USER_B, ids=ids)


@pytest.fixture(scope="module")
def openapi(shared_client):
    """What the application says of itself."""
    return shared_client.anonymous().get("/openapi.json").json()


@pytest.fixture(scope="module")
def two_hundred_preferences(shared_db, users):
    """A has 200, of which the oldest is named last; they go away with the module's last test."""
    shared_db.execute(
        "INSERT INTO user_preferences (user_id, preference_key, preference_value)"
        " SELECT %s, 'key-' || (200 - n), to_jsonb(n) FROM generate_series(1, 200) AS n ORDER BY n",
        users.ids["user-a"],
    )


@pytest.fixture(scope="module")
def five_hundred_logs(shared_db, users):
    """A has 500 of one moment, B has 20 in between."""
    shared_db.execute(
        "INSERT INTO model_inference_logs"
        " (request_id, endpoint_name, user_id, inputs, predictions, status, execution_time_ms, created_at)"
        " SELECT gen_random_uuid(), %s, CASE WHEN n %% 26 = 0 THEN %s ELSE %s END,"
        " jsonb_build_object('n', n),"
        " NULL, 'ERROR', 1, '2026-01-01 00:00:00+00' FROM generate_series(1, 520) AS n ORDER BY n",
        reference.CHAT,
        users.ids["user-b"],
        users.ids["user-a"],
    )


@pytest.fixture
def alice(client):
    """User A: reads customers and orders."""
    return patient(client.as_user("user-a"))


@pytest.fixture
def bob(client):
    """User B: reads nation."""
    return patient(client.as_user("user-b"))
