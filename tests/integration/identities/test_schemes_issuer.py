"""The local issuer, asked by the clients that applications use."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx2
import jwt
import pytest

from seatrial.config import IdentitySettings, User
from seatrial.errors import IdentityError
from seatrial.identities import Identities
from seatrial.trial.issuing import ServedIssuer

SETTINGS = IdentitySettings(
    scheme="oidc",
    algorithm="RS256",
    claims={"tenant": "{tenant.id}", "role": "{user.role}"},
    tenants={"a": {"id": "tenant-a"}},
    users={
        "alice": User(name="alice", tenant="a", role="admin", attributes={"password": "wonderland"}),
        "bob": User(name="bob", tenant="a", role="reader"),
    },
)
BACK = "http://127.0.0.1:1/callback?from=here"


@pytest.fixture(scope="module")
def served() -> Iterator[ServedIssuer]:
    issuer = ServedIssuer(SETTINGS)
    yield issuer
    issuer.close()


@pytest.fixture
def identities(served: ServedIssuer) -> Identities:
    found = Identities(SETTINGS, scheme=served.issuer.tokens, issuer=served.issuer)
    found.reset()
    return found


@pytest.fixture
def found(served: ServedIssuer) -> dict[str, str]:
    """What an application finds out from the issuer's address alone."""
    answer = httpx2.get(f"{served.issuer.url}/.well-known/openid-configuration")
    assert answer.json()["issuer"] == served.issuer.url
    return answer.json()


@pytest.fixture
def verifier(found: dict[str, str]) -> jwt.PyJWKClient:
    return jwt.PyJWKClient(found["jwks_uri"])


def accept(token: str, verifier: jwt.PyJWKClient, served: ServedIssuer, audience: str = "seatrial") -> dict:
    """Verify a token as an application does."""
    return jwt.decode(
        token,
        verifier.get_signing_key_from_jwt(token),
        algorithms=["RS256"],
        audience=audience,
        issuer=served.issuer.url,
        options={"require": ["exp", "iat", "sub", "aud", "iss", "tenant"]},
    )


def ask(served: ServedIssuer, found: dict[str, str], /, **form: str) -> httpx2.Response:
    """Ask for tokens as the client, by Basic."""
    client = (served.issuer.client_id, served.issuer.client_secret)
    return httpx2.post(found["token_endpoint"], data=form, auth=client)


def test_a_token_of_a_user(
    identities: Identities, verifier: jwt.PyJWKClient, served: ServedIssuer, found: dict[str, str]
) -> None:
    token = identities.headers("alice")["Authorization"].removeprefix("Bearer ")
    claims = accept(token, verifier, served)
    assert {name: claims[name] for name in ("sub", "tenant", "role")} == {
        "sub": "alice",
        "tenant": "tenant-a",
        "role": "admin",
    }
    about = httpx2.get(found["userinfo_endpoint"], headers={"Authorization": f"Bearer {token}"})
    assert about.json() == {"sub": "alice", "tenant": "tenant-a", "role": "admin"}


KINDS = {
    "malformed": jwt.DecodeError,
    "expired": jwt.ExpiredSignatureError,
    "not_yet_valid": jwt.ImmatureSignatureError,
    "wrong_key": jwt.InvalidSignatureError,
    "wrong_audience": jwt.InvalidAudienceError,
    "wrong_issuer": jwt.InvalidIssuerError,
    "alg_none": jwt.InvalidAlgorithmError,
    "confused_algorithm": jwt.InvalidAlgorithmError,
    "unknown_kid": jwt.PyJWKClientError,
    "missing_tenant": jwt.MissingRequiredClaimError,
    "missing_sub": jwt.MissingRequiredClaimError,
}


@pytest.mark.parametrize("kind", KINDS)
def test_forged_tokens_are_refused_each_for_its_reason(
    identities: Identities, verifier: jwt.PyJWKClient, served: ServedIssuer, found: dict[str, str], kind: str
) -> None:
    token = identities.forge(kind, user="alice")
    with pytest.raises(KINDS[kind]):
        accept(token, verifier, served)
    about = httpx2.get(found["userinfo_endpoint"], headers={"Authorization": f"Bearer {token}"})
    assert about.status_code == (200 if kind.startswith("missing_") else 401)


def test_a_forged_token_lies_about_nothing_but_its_key(identities: Identities, found: dict[str, str]) -> None:
    published = [key["kid"] for key in httpx2.get(found["jwks_uri"]).json()["keys"]]
    good = jwt.get_unverified_header(identities.token("alice"))
    assert good["kid"] == published[0]
    assert jwt.get_unverified_header(identities.forge("wrong_key"))["kid"] == published[0]
    assert jwt.get_unverified_header(identities.forge("unknown_kid"))["kid"] not in published


def test_keys_rotate_and_retire(
    identities: Identities, verifier: jwt.PyJWKClient, served: ServedIssuer, found: dict[str, str]
) -> None:
    def published() -> list[str]:
        return [key["kid"] for key in httpx2.get(found["jwks_uri"]).json()["keys"]]

    old = identities.headers("alice")["Authorization"].removeprefix("Bearer ")
    first = published()
    identities.rotate_keys()
    new = identities.headers("alice")["Authorization"].removeprefix("Bearer ")
    assert published()[:1] == first
    assert jwt.get_unverified_header(new)["kid"] == published()[1]
    assert accept(old, verifier, served)["sub"] == accept(new, verifier, served)["sub"] == "alice"
    identities.retire_keys()
    assert published() == [jwt.get_unverified_header(new)["kid"]]
    fresh = jwt.PyJWKClient(found["jwks_uri"])
    with pytest.raises(jwt.PyJWKClientError):
        accept(old, fresh, served)
    assert accept(new, fresh, served)["sub"] == "alice"
    identities.reset()
    assert published() == first, "every test begins with the first key"
    assert accept(identities.token("bob"), jwt.PyJWKClient(found["jwks_uri"]), served)["sub"] == "bob"


def test_credentials_of_the_client(served: ServedIssuer, found: dict[str, str]) -> None:
    answer = ask(served, found, grant_type="client_credentials", scope="read write").json()
    claims = jwt.decode(answer["access_token"], options={"verify_signature": False})
    assert (claims["sub"], claims["scope"], answer["token_type"]) == ("seatrial", "read write", "Bearer")
    in_the_body = {"client_id": served.issuer.client_id, "client_secret": served.issuer.client_secret}
    form = {"grant_type": "client_credentials", **in_the_body}
    assert httpx2.post(found["token_endpoint"], data=form).status_code == 200
    refused = [
        {**form, "client_secret": "another"},
        {**form, "client_id": "another"},
        {"grant_type": "client_credentials", "client_id": served.issuer.client_id},
        {"grant_type": "client_credentials"},
    ]
    for wrong in refused:
        answer = httpx2.post(found["token_endpoint"], data=wrong)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    answer = httpx2.post(found["token_endpoint"], data=form, headers={"Authorization": "Basic ?"})
    assert answer.status_code == 401
    answer = httpx2.post(found["token_endpoint"], data={**form, "grant_type": "implicit"})
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


def test_a_password_and_what_refreshes_it(
    served: ServedIssuer, found: dict[str, str], verifier: jwt.PyJWKClient
) -> None:
    form = {"grant_type": "password", "username": "alice", "scope": "openid"}
    first = ask(served, found, password="wonderland", **form).json()
    assert accept(first["access_token"], verifier, served)["sub"] == "alice"
    assert accept(first["id_token"], verifier, served)["auth_time"] > 0
    second = ask(served, found, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert accept(second.json()["access_token"], verifier, served)["role"] == "admin"
    again = ask(served, found, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    for user, password in (("alice", "wrong"), ("alice", ""), ("bob", ""), ("bob", "None"), ("carol", "x")):
        answer = ask(served, found, grant_type="password", username=user, password=password)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant"), user


def challenge(secret: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(secret.encode()).digest()).rstrip(b"=").decode()


def sign_in(found: dict[str, str], **more: str) -> httpx2.Response:
    query = {
        "response_type": "code",
        "client_id": "seatrial",
        "redirect_uri": BACK,
        "scope": "openid profile",
        "state": "s&1",
        "nonce": "n-1",
        **more,
    }
    return httpx2.get(found["authorization_endpoint"], params=query)


def sent_back(answer: httpx2.Response) -> dict[str, str]:
    assert answer.status_code == 302
    assert answer.headers["location"].startswith(f"{BACK}&")
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def test_a_browser_signs_in_with_pkce(
    served: ServedIssuer, found: dict[str, str], verifier: jwt.PyJWKClient
) -> None:
    secret = "x" * 43
    asked = {"code_challenge": challenge(secret), "code_challenge_method": "S256", "login_hint": "bob"}
    form = {"grant_type": "authorization_code", "client_id": "seatrial", "redirect_uri": BACK}
    back = sent_back(sign_in(found, **asked))
    assert (back["state"], back["iss"]) == ("s&1", served.issuer.url)
    answer = httpx2.post(
        found["token_endpoint"], data={**form, "code": back["code"], "code_verifier": secret}
    )
    tokens = answer.json()
    assert accept(tokens["access_token"], verifier, served)["sub"] == "bob"
    assert accept(tokens["id_token"], verifier, served)["nonce"] == "n-1"
    renewed = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert httpx2.post(found["token_endpoint"], data=renewed | {"client_id": "other"}).status_code == 401
    for wrong in (
        {"code": back["code"], "code_verifier": secret},
        {"code": sent_back(sign_in(found, **asked))["code"], "code_verifier": "y" * 43},
        {"code": sent_back(sign_in(found, **asked))["code"]},
        {"code": sent_back(sign_in(found, **asked))["code"], "code_verifier": secret, "redirect_uri": "/"},
        {"code": tokens["refresh_token"], "code_verifier": secret},
    ):
        answer = httpx2.post(found["token_endpoint"], data=form | wrong)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant"), wrong
    refresh = ask(served, found, grant_type="password", username="alice", password="wonderland").json()
    for mixed in (
        {"grant_type": "authorization_code", "code": refresh["refresh_token"]},
        {"grant_type": "refresh_token", "refresh_token": sent_back(sign_in(found, login_hint="bob"))["code"]},
    ):
        answer = ask(served, found, **mixed)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant"), mixed
    without_proof = {**form, "code": sent_back(sign_in(found, login_hint="bob"))["code"]}
    assert httpx2.post(found["token_endpoint"], data=without_proof).status_code == 401


def test_a_browser_chooses_who_signs_in(served: ServedIssuer, found: dict[str, str]) -> None:
    page = sign_in(found).text
    assert page.count("<li>") == 2
    link = next(part for part in page.split('"') if "login_hint=alice" in part).replace("&amp;", "&")
    back = sent_back(httpx2.get(f"{found['authorization_endpoint']}{link}"))
    form = {"grant_type": "authorization_code", "redirect_uri": BACK, "code": back["code"]}
    answer = ask(served, found, **form)
    assert jwt.decode(answer.json()["id_token"], options={"verify_signature": False})["sub"] == "alice"


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"login_hint": "carol"}, "access_denied"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": "x", "code_challenge_method": "plain"}, "invalid_request"),
    ],
)
def test_a_sign_in_that_fails_tells_the_client(
    found: dict[str, str], more: dict[str, str], error: str
) -> None:
    assert sent_back(sign_in(found, **more))["error"] == error


@pytest.mark.parametrize("more", [{"client_id": "another"}, {"redirect_uri": "/here"}, {"redirect_uri": ""}])
def test_nothing_is_sent_to_strangers(found: dict[str, str], more: dict[str, str]) -> None:
    answer = sign_in(found, login_hint="alice", **more)
    assert answer.status_code == 400
    assert "location" not in answer.headers


def test_an_issuer_that_nobody_started_answers_the_first_who_asks() -> None:
    issuer = ServedIssuer(SETTINGS)
    try:
        assert httpx2.get(f"{issuer.issuer.url}/jwks").status_code == 200
    finally:
        issuer.close()
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{issuer.issuer.url}/jwks")


def test_an_issuer_that_is_never_asked_can_be_closed_and_its_claims_are_checked() -> None:
    never_asked = ServedIssuer(SETTINGS)
    never_asked.close()
    assert not never_asked._doorbell.is_alive()
    with pytest.raises(IdentityError, match="nope"):
        ServedIssuer(IdentitySettings(claims={"x": "{user.nope}"}, users={"a": User(name="a")}))
