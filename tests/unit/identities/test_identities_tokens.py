from __future__ import annotations

import copy
import time
from typing import Any

import jwt
import pytest

from seatrial.config import IdentitySettings, User
from seatrial.errors import IdentityError
from seatrial.identities import Identities, Identity, Keys

SETTINGS = IdentitySettings(
    claims={"sub": "{user.external_id}", "tenant_id": "{tenant.id}"},
    tenants={"a": {"id": 7}},
    users={
        "admin_a": User(name="admin_a", tenant="a", role="admin", attributes={"external_id": "admin-a"}),
        "léa martin": User(name="léa martin", tenant="a", attributes={"external_id": "lea"}),
    },
)
KEYS = Keys.generate()


@pytest.fixture
def identities() -> Identities:
    return Identities(SETTINGS, keys=KEYS)


def decoded(token: str, **options: Any) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, KEYS.secret, algorithms=["HS256"], options=options)
    return claims


class Clock:
    """The clock of the process, moved as time-machine and freezegun move it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, now: float) -> None:
        self.now = now
        monkeypatch.setattr(time, "time", lambda: self.now)


def test_a_token_carries_the_claims_and_its_dates(
    identities: Identities, monkeypatch: pytest.MonkeyPatch
) -> None:
    Clock(monkeypatch, 2_000_000_000.7)
    assert decoded(identities.token("admin_a"), verify_exp=False, verify_iat=False) == {
        "sub": "admin-a",
        "tenant_id": 7,
        "iat": 2_000_000_000,
        "exp": 2_000_003_600,
    }


@pytest.mark.parametrize(
    ("expires_in", "exp"), [(60, 2_000_000_060), (-60, 1_999_999_940), (0.5, 2_000_000_001)]
)
def test_the_lifetime_is_in_seconds_from_now(
    identities: Identities, monkeypatch: pytest.MonkeyPatch, expires_in: float, exp: int
) -> None:
    Clock(monkeypatch, 2_000_000_000.7)
    token = identities.token("admin_a", expires_in=expires_in)
    assert decoded(token, verify_exp=False, verify_iat=False)["exp"] == exp


def test_a_negative_lifetime_gives_an_expired_token(identities: Identities) -> None:
    with pytest.raises(jwt.ExpiredSignatureError):
        decoded(identities.token("admin_a", expires_in=-60))


@pytest.mark.parametrize("value", [True, float("nan"), float("inf"), "60"])
def test_a_lifetime_that_is_no_number_of_seconds_is_refused(identities: Identities, value: Any) -> None:
    with pytest.raises(IdentityError, match="Expected expires_in as a number of seconds") as caught:
        identities.token("admin_a", expires_in=value)
    assert caught.value.code == "identities.expires-in"


def test_extra_claims_replace_add_and_leave_out(identities: Identities) -> None:
    claims = decoded(identities.token("admin_a", sub="other", scope=["x"], tenant_id=None, iat=None))
    assert claims == {"sub": "other", "scope": ["x"], "exp": claims["exp"]}
    assert "exp" not in decoded(identities.token("admin_a", exp=None))
    assert decoded(identities.token("admin_a"))["tenant_id"] == 7, "the next token is whole again"


def test_the_claims_of_the_settings_may_give_dates() -> None:
    settings = IdentitySettings(claims={"exp": 4_000_000_000, "iat": 5}, users={"a": User(name="a")})
    identities = Identities(settings, keys=KEYS)
    assert decoded(identities.token("a")) == {"exp": 4_000_000_000, "iat": 5}
    with pytest.raises(jwt.ExpiredSignatureError):
        decoded(identities.token("a", expires_in=-5))


def test_a_claim_that_is_no_json_is_refused_without_its_value(identities: Identities) -> None:
    with pytest.raises(IdentityError, match="'thing'") as caught:
        identities.token("admin_a", thing={"hunter2"})
    assert caught.value.code == "identities.not-json"
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("call", ["__getitem__", "token", "headers"])
def test_an_unknown_user_gets_the_nearest_and_the_list(identities: Identities, call: str) -> None:
    with pytest.raises(IdentityError, match="No user 'admin_b'") as caught:
        getattr(identities, call)("admin_b")
    assert caught.value.code == "identities.unknown-user"
    assert "Did you mean 'admin_a'? Valid: admin_a, léa martin." in caught.value.remedy


def test_no_user_at_all_says_so() -> None:
    with pytest.raises(IdentityError, match="No user is declared"):
        Identities(IdentitySettings(), keys=KEYS)["x"]


def test_an_identity_tells_who_it_is(identities: Identities) -> None:
    alice = identities["admin_a"]
    assert (alice.name, alice.role, alice.tenant) == ("admin_a", "admin", {"name": "a", "id": 7})
    assert alice.external_id == "admin-a"
    assert alice.attributes == {
        "name": "admin_a",
        "tenant": "a",
        "role": "admin",
        "external_id": "admin-a",
    }
    lea = identities["léa martin"]
    assert (lea.name, lea.role) == ("léa martin", None)
    with pytest.raises(AttributeError, match=r"no attribute 'external_ids'\. Did you mean 'external_id'\?"):
        lea.external_ids  # noqa: B018


def test_an_identity_can_be_copied_and_its_repr_has_no_token(identities: Identities) -> None:
    alice = copy.copy(identities["admin_a"])
    token = alice.headers["Authorization"].removeprefix("Bearer ")
    assert decoded(token)["sub"] == "admin-a"
    assert repr(alice) == "Identity('admin_a', tenant='a', role='admin')"


def test_what_a_test_changes_in_an_identity_stays_there(identities: Identities) -> None:
    alice = identities["admin_a"]
    alice.tenant["id"] = 8
    alice.headers["X"] = "y"
    assert identities["admin_a"].tenant["id"] == 7
    assert list(alice.headers) == ["Authorization"]


def test_an_identity_made_by_hand_carries_its_own_headers(identities: Identities) -> None:
    robot = Identity("robot", headers={"X-Api-Key": "k"})
    assert identities.headers(robot) == {"X-Api-Key": "k"}
    given = {"id": 1}
    Identity("robot", headers={}, tenant=given).tenant["id"] = 2
    assert given == {"id": 1}
    assert repr(robot) == "Identity('robot', tenant=None, role=None)"


def test_headers_by_name_and_by_identity_are_the_same(identities: Identities) -> None:
    assert identities.headers("admin_a") == identities.headers(identities["admin_a"])
    assert list(identities) == ["admin_a", "léa martin"]


def test_a_token_is_used_again_until_half_its_lifetime_has_passed(
    identities: Identities, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch, 2_000_000_000)
    alice = identities["admin_a"]
    first = alice.headers
    clock.now += 1799
    assert alice.headers == first
    assert identities["léa martin"].headers != first
    clock.now += 1
    assert alice.headers != first


@pytest.mark.parametrize("jump", [-86_400, 86_400])
def test_a_clock_that_a_test_moves_gets_a_token_of_its_own_time(
    identities: Identities, monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    clock = Clock(monkeypatch, 2_000_000_000)
    alice = identities["admin_a"]
    before = alice.headers
    clock.now += jump
    assert alice.headers != before
    token = alice.headers["Authorization"].removeprefix("Bearer ")
    assert decoded(token, verify_exp=False, verify_iat=False)["iat"] == 2_000_000_000 + jump
