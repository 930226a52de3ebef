"""Who is who: tokens, OAuth of service principals, profiles, SCIM."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
import requests
import time_machine
from databricks.sdk import WorkspaceClient
from databricks.sdk.core import Config
from databricks.sdk.errors import NotFound, PermissionDenied, Unauthenticated

from seatrial.errors import FakeError
from tests.integration.fakes.databricks_fake.conftest import A, SignIn


def client(url: str, token: str) -> WorkspaceClient:
    return WorkspaceClient(config=Config(host=url, token=token, auth_type="pat", retry_timeout_seconds=5))


def test_everybody_is_who_their_token_says(sign_in: SignIn) -> None:
    me = sign_in("a").current_user.me()
    assert (me.user_name, me.display_name, me.active) == (A, "Ada Lovelace", True)
    assert [mail.value for mail in me.emails or ()] == [A]
    assert [group.display for group in sign_in("b").current_user.me().groups or ()] == ["readers"]
    ids = {sign_in(name).current_user.me().id for name in ("a", "b", "root", "app")}
    assert len(ids) == 4


def test_the_first_profile_is_the_default(fakes, sign_in: SignIn) -> None:
    assert sign_in("DEFAULT").current_user.me().user_name == A
    file = Path(fakes.part("databricks", "config_file"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_service_principal_signs_in_with_its_secret(fakes, sign_in: SignIn) -> None:
    app = sign_in("app")
    assert app.config.auth_type == "oauth-m2m"
    me = app.current_user.me()
    assert me.user_name == fakes.part("databricks", "client_ids.app")
    assert not me.emails
    config = Config(
        host=fakes.url("databricks"), client_id=me.user_name, client_secret="wrong", retry_timeout_seconds=5
    )
    with pytest.raises(ValueError, match="invalid_client"):
        WorkspaceClient(config=config).current_user.me()


def test_a_token_of_a_service_principal_is_over_after_an_hour(fakes, sign_in: SignIn) -> None:
    app = sign_in("app")
    app.current_user.me()
    text = app.config.authenticate()["Authorization"].removeprefix("Bearer ")
    with time_machine.travel(1_900_000_000):
        # A client that only has the token; the SDK's own would fetch another.
        with pytest.raises(PermissionDenied, match="Invalid Token"):
            client(fakes.url("databricks"), text).current_user.me()
        # The SDK tells time by another clock than the one that was moved: a new client does the same.
        assert sign_in("app").current_user.me().user_name


@pytest.mark.parametrize(
    ("header", "status", "says"),
    [
        (None, 401, "Credential was not sent"),
        ("Basic YTpi", 401, "Credential was not sent"),
        ("Bearer ", 401, "Credential was not sent"),
        ("Bearer nobody-has-this", 403, "Invalid access token."),
    ],
)
def test_who_is_not_signed_in(fakes, header: str | None, status: int, says: str) -> None:
    answer = requests.get(
        f"{fakes.url('databricks')}/api/2.0/preview/scim/v2/Me",
        headers={} if header is None else {"Authorization": header},
        timeout=20,
    )
    assert (answer.status_code, answer.json()["error_code"]) == (status, status)
    assert says in answer.json()["message"]


def test_what_the_sdk_makes_of_it(fakes) -> None:
    with pytest.raises(PermissionDenied, match="Invalid access token"):
        client(fakes.url("databricks"), "nobody-has-this").current_user.me()
    with pytest.raises(Unauthenticated):
        client(fakes.url("databricks"), " ").current_user.me()


def test_tokens_come_and_go_in_the_middle_of_a_test(fakes, a: WorkspaceClient) -> None:
    user = fakes.databricks.users["a"]
    second = user.issue_token()
    over = user.issue_token(expires_in=-1)
    url = fakes.url("databricks")
    assert client(url, second).current_user.me().user_name == a.current_user.me().user_name
    assert user.token == second
    with pytest.raises(PermissionDenied, match="Invalid access token"):
        client(url, over).current_user.me()
    user.revoke_token()
    for gone in (a, client(url, second)):
        with pytest.raises(PermissionDenied, match="Invalid access token"):
            gone.current_user.me()
    with pytest.raises(FakeError) as none:
        _ = user.token
    assert none.value.code == "fakes.databricks-token"
    fakes.databricks.reset()
    assert a.current_user.me().user_name == A
    with pytest.raises(PermissionDenied):
        client(url, second).current_user.me()


def test_somebody_who_has_left(fakes, a: WorkspaceClient) -> None:
    fakes.databricks.users["a"].deactivate()
    with pytest.raises(PermissionDenied, match="deactivated"):
        a.current_user.me()


@pytest.mark.parametrize("text", ["two\nlines", "a b", "", "ümlaut"])
def test_a_token_that_no_header_can_hold(fakes, text: str) -> None:
    with pytest.raises(FakeError) as refused:
        fakes.databricks.users["a"].issue_token(text=text)
    assert refused.value.code == "fakes.databricks-token"


def test_personal_access_tokens(fakes, a: WorkspaceClient, b: WorkspaceClient) -> None:
    made = a.tokens.create(comment="for the report", lifetime_seconds=60)
    assert made.token_value is not None
    assert made.token_info is not None
    url = fakes.url("databricks")
    assert client(url, made.token_value).current_user.me().user_name == A
    assert [token.comment for token in a.tokens.list()] == ["", "for the report"]
    with pytest.raises(NotFound):
        b.tokens.delete(made.token_info.token_id or "")
    a.tokens.delete(made.token_info.token_id or "")
    with pytest.raises(PermissionDenied):
        client(url, made.token_value).current_user.me()


def test_a_personal_access_token_expires(fakes, a: WorkspaceClient) -> None:
    made = a.tokens.create(lifetime_seconds=60).token_value or ""
    with time_machine.travel(1_900_000_000), pytest.raises(PermissionDenied, match="Invalid access token"):
        client(fakes.url("databricks"), made).current_user.me()


def test_the_number_of_the_workspace(a: WorkspaceClient, fakes) -> None:
    assert a.get_workspace_id() == fakes.databricks.space.id
    me = requests.get(
        f"{fakes.url('databricks')}/api/2.0/preview/scim/v2/Me",
        headers=a.config.authenticate(),
        timeout=20,
    )
    assert me.headers["x-databricks-org-id"] == str(fakes.databricks.space.id)


def test_no_token_is_shown(fakes, a: WorkspaceClient) -> None:
    a.current_user.me()
    user, secret = fakes.databricks.users["a"], fakes.part("databricks", "client_secrets.app")
    attempts = fakes.databricks.attempts()
    shown = repr([fakes.databricks, user, user.person, fakes.databricks.space.state, attempts])
    shown += repr([attempt.headers for attempt in attempts])
    assert user.token not in shown
    assert secret not in shown


def test_what_a_client_keeps_is_good_in_the_next_test(fakes, sign_in: SignIn) -> None:
    app = sign_in("app")
    app.current_user.me()
    made = app.database.generate_database_credential(instance_names=["orders-db"], request_id="1")
    fakes.databricks.service_principals["app"].revoke_token()
    with pytest.raises(PermissionDenied):
        app.current_user.me()
    fakes.reset()
    assert app.current_user.me().user_name == fakes.part("databricks", "client_ids.app")
    assert not fakes.databricks.space.state.tokens.find(made.token).revoked
    assert not [call for call in fakes.databricks.calls() if call.path.endswith("/token")]
