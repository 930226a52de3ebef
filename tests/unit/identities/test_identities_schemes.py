"""Identities whose credential is no token: trusted headers, API keys, functions of the team's own."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from seatrial.config import IdentitySettings, User
from seatrial.errors import IdentityError
from seatrial.identities import Identities, Keys
from seatrial.identities.custom import CustomScheme
from seatrial.identities.scheme import tampered
from seatrial.identities.sent_keys import SentKeys
from seatrial.identities.trusted_headers import TrustedHeaders

USERS = {
    "alice": User(name="alice", tenant="a", role="admin", attributes={"level": 3, "active": True}),
    "bob": User(
        name="bob", tenant="a", attributes={"level": 0.5, "active": False, "api_key": "sk-bob-0000x"}
    ),
}


def settings(scheme: str, **more: Any) -> IdentitySettings:
    return IdentitySettings(scheme=scheme, tenants={"a": {"id": 7}}, users=USERS, **more)


def headers() -> Identities:
    templates = {
        "X-User": "{user.name}",
        "X-Level": "{user.level}",
        "X-On": "{user.active}",
        "X-T": "t{tenant.id}",
    }
    found = settings("header", headers=templates)
    return Identities(found, scheme=TrustedHeaders(found))


def keys(**more: Any) -> Identities:
    found = settings("api-key", **more)
    return Identities(found, scheme=SentKeys(found))


def custom(function: Any) -> Identities:
    found = settings("shop.auth:headers")
    scheme = CustomScheme(found, load=lambda path: {"shop.auth:headers": function}[path], wait=asyncio.run)
    return Identities(found, scheme=scheme)


def test_headers_are_texts() -> None:
    assert headers()["alice"].headers == {"X-User": "alice", "X-Level": "3", "X-On": "true", "X-T": "t7"}
    assert headers().headers("bob") == {"X-User": "bob", "X-Level": "0.5", "X-On": "false", "X-T": "t7"}


def test_forged_headers_lack_one_or_all() -> None:
    assert headers().forged("none").headers == {}
    forged = headers().forged("missing_X-On", user="bob")
    assert forged.headers == {"X-User": "bob", "X-Level": "0.5", "X-T": "t7"}
    assert (forged.name, forged.tenant) == ("bob (missing_X-On)", {"name": "a", "id": 7})


def test_a_key_is_sent_and_can_be_read() -> None:
    found = keys()
    alice = found["alice"]
    assert alice.headers == {"X-API-Key": alice.api_key}
    assert found["bob"].api_key == "sk-bob-0000x"
    with_prefix = keys(header="Authorization", prefix="ApiKey ")
    assert with_prefix["bob"].headers == {"Authorization": "ApiKey sk-bob-0000x"}
    assert "sk-bob" not in repr(found["bob"])


def test_forged_keys_are_nobodys() -> None:
    found = keys(prefix="ApiKey ")
    assert (found.forge("none"), found.forged("none").headers) == ("", {})
    assert found.forged("malformed").headers == {"X-API-Key": "ApiKey this-is-not-a-key"}
    wrong = found.forge("wrong_key", user="bob")
    assert found.forged("wrong_key", user="bob").headers == {"X-API-Key": f"ApiKey {wrong}"}
    assert sum(one != other for one, other in zip(wrong, "sk-bob-0000x", strict=True)) == 1
    assert found.forge("wrong_key") not in (found["alice"].api_key, found["bob"].api_key)


@pytest.mark.parametrize("text", ["abcdef", "abcde0xyz9", "0", "a-----", "------", "", "x.y.AAAAAAAA=="])
def test_what_is_tampered_with_differs_in_one_place_that_counts(text: str) -> None:
    other = tampered(text)
    assert other != text
    assert len(other) == max(len(text), 1)
    assert other[len(text) - 1 :] == text[-1:] or len(text) < 5, "the last character may hold unused bits"


def test_a_function_gets_both_sets_of_attributes() -> None:
    asked = []

    def function(user: dict[str, Any], tenant: dict[str, Any]) -> dict[str, str]:
        asked.append((user, tenant))
        return {"X-Me": user["name"]}

    assert custom(function)["alice"].headers == {"X-Me": "alice"}
    attributes = {"name": "alice", "tenant": "a", "role": "admin", "level": 3, "active": True}
    assert asked == [(attributes, {"name": "a", "id": 7})]
    assert custom(function).forged("none", user="bob").headers == {}


def test_a_function_may_be_asynchronous() -> None:
    async def function(user: dict[str, Any], tenant: dict[str, Any]) -> dict[str, str]:
        await asyncio.sleep(0)
        return {"X-Me": user["name"]}

    assert custom(function)["bob"].headers == {"X-Me": "bob"}


def raises(user: Any, tenant: Any) -> None:
    raise RuntimeError("password=hush for x")


@pytest.mark.parametrize(
    ("function", "code", "part"),
    [
        (raises, "scheme-failed", "user 'alice' (RuntimeError: "),
        (lambda user: {}, "scheme-failed", "TypeError"),
        (lambda user, tenant: None, "scheme-result", "it returned NoneType"),
        (lambda user, tenant: {"X": 1, "Y": "hush"}, "scheme-result", "it returned {'X': int, 'Y': str}"),
    ],
)
def test_a_function_that_fails_is_named(function: Any, code: str, part: str) -> None:
    with pytest.raises(IdentityError) as caught:
        custom(function).headers("alice")
    assert caught.value.code == f"identities.{code}"
    assert "'shop.auth:headers'" in caught.value.message
    assert part in caught.value.message
    assert "hush" not in str(caught.value)


def test_a_function_that_is_not_there_is_named() -> None:
    found = settings("shop.auth:nothing")
    scheme = CustomScheme(found, load=lambda path: {}[path], wait=asyncio.run)  # type: ignore[typeddict-item]
    with pytest.raises(IdentityError, match=r"'shop\.auth:nothing'") as caught:
        Identities(found, scheme=scheme).headers("alice")
    assert caught.value.code == "identities.scheme-missing"


NAMES = {"header": headers, "api-key": keys, "shop.auth:headers": lambda: custom(raises)}


@pytest.mark.parametrize("scheme", NAMES)
def test_what_has_no_meaning_says_so_and_names_what_has(scheme: str) -> None:
    found = NAMES[scheme]()
    with pytest.raises(IdentityError, match=f"no tokens under scheme = '{scheme}'") as caught:
        found.token("bob")
    assert (caught.value.code, "['bob']" in caught.value.remedy) == ("identities.no-tokens", True)
    for call in (found.rotate_keys, found.retire_keys):
        with pytest.raises(IdentityError, match="nobody publishes keys") as caught:
            call()
        assert caught.value.code == "identities.no-issuer"
    with pytest.raises(IdentityError) as caught:
        found.forged("expired")
    assert caught.value.code == "identities.unknown-kind"
    assert "none" in caught.value.remedy
    with pytest.raises(IdentityError, match="No user 'carol'"):
        found.forged("none", user="carol")
    if scheme != "api-key":
        with pytest.raises(IdentityError, match="forge") as caught:
            found.forge("none")
        assert caught.value.code == "identities.no-single-text"


def test_keys_of_tokens_rotate_at_an_issuer_only() -> None:
    with pytest.raises(IdentityError, match="under scheme = 'jwt'"):
        Identities(IdentitySettings(), keys=Keys.generate()).rotate_keys()
    with pytest.raises(IdentityError, match="Expected keys for HS256, found none"):
        Identities(IdentitySettings())


def test_without_users_only_what_needs_none_can_be_forged() -> None:
    bare = IdentitySettings(scheme="api-key")
    found = Identities(bare, scheme=SentKeys(bare))
    assert found.forged("malformed").headers == {"X-API-Key": "this-is-not-a-key"}
    with pytest.raises(IdentityError, match="none is declared"):
        found.forged("wrong_key")
    bare = IdentitySettings(scheme="header", headers={"X": "x"})
    with pytest.raises(IdentityError, match="none is declared"):
        Identities(bare, scheme=TrustedHeaders(bare)).forged("missing_X")
