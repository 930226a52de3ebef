"""What each scheme of the identities needs, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from seatrial.config import load_settings
from seatrial.config.api_keys import api_keys
from seatrial.config.settings import IdentitySettings, LoginSettings
from seatrial.errors import SettingsError

PEOPLE = """
tenants.a.id = 7
users.alice.tenant = "a"
users.alice.secret = "hush-hush"
users.alice.tags = ["x"]
users.bob.role = "reader"
"""


def load(folder: Path, text: str) -> IdentitySettings:
    file = folder / "seatrial.toml"
    file.write_text(f"[identities]\n{text}", encoding="utf-8")
    return load_settings(file).identities


def test_every_key_of_a_login(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        """
        scheme = "session"
        [identities.login]
        path = "/in/{user.name}"
        method = "put"
        json = { who = "{user.name}", deep = { active = true } }
        status = 204
        csrf_cookie = "token"
        csrf_header = "X-Token"
        csrf_path = "/token"
        """,
    )
    assert settings.login == LoginSettings(
        path="/in/{user.name}",
        method="PUT",
        json={"who": "{user.name}", "deep": {"active": True}},
        status=204,
        csrf_cookie="token",
        csrf_header="X-Token",
        csrf_path="/token",
    )


def test_an_issuer_signs_with_rs256(tmp_path: Path) -> None:
    assert load(tmp_path, 'scheme = "oidc"').algorithm == "RS256"
    assert load(tmp_path, 'scheme = "oidc"\nalgorithm = "RS256"').algorithm == "RS256"


def test_api_keys_are_declared_or_made_and_always_the_same(tmp_path: Path) -> None:
    text = 'scheme = "api-key"\nusers.alice.api_key = "sk-1"\nusers.bob = {}\nusers.carol = {}'
    keys = api_keys(load(tmp_path, text))
    assert keys["alice"] == "sk-1"
    assert keys == api_keys(load(tmp_path, text))
    assert len(set(keys.values())) == 3
    assert len(keys["bob"]) > 40
    assert api_keys(load(tmp_path, "users.bob = {}")) == {}, "another scheme has none"


REFUSED = {
    'scheme = "header"': ("headers", "missing-key", "at least one"),
    'scheme = "header"\nheaders = {}': ("headers", "missing-key", "at least one"),
    'scheme = "header"\nheaders = { "X User" = "x" }': ("headers.X User", "bad-value", "name of a header"),
    'scheme = "header"\nheaders = { X = "{user.nope}" }': ("headers.X", "unknown-attribute", "'nope'"),
    'scheme = "header"\nheaders = { X = "{tenant.id}" }': ("headers.X", "no-tenant", "user 'bob'"),
    'scheme = "header"\nheaders = { X = "{user.tags}" }': (
        "headers.X",
        "not-text",
        "found a list",
    ),
    'scheme = "header"\nheaders = { X = "é" }': ("headers.X", "header-value", "user 'alice'"),
    'scheme = "header"\nheaders = { X = "" }': ("headers.X", "header-value", "user 'alice'"),
    'scheme = "header"\nheaders = { X = "a\\nY: b" }': ("headers.X", "header-value", "user 'alice'"),
    'scheme = "header"\nheaders = { X = "x" }\nheader = "Y"': ("header", "not-for-scheme", "headers"),
    'scheme = "header"\nclaims = { x = 1 }': ("claims", "not-for-scheme", "headers"),
    'scheme = "jwt"\nlogin = { path = "/" }': ("login", "not-for-scheme", "claims"),
    'scheme = "oidc"\nissuer = "https://x"': ("issuer", "not-for-scheme", "audience"),
    'scheme = "oidc"\nalgorithm = "HS256"': ("algorithm", "bad-value", "RS256"),
    'scheme = "shop.auth:headers"\nclaims = {}': ("claims", "not-for-scheme", "users"),
    'scheme = "api-key"\nheader = "X:Key"': ("header", "bad-value", "'X:Key'"),
    'scheme = "api-key"\nprefix = "é "': ("prefix", "bad-value", "ASCII"),
    'scheme = "api-key"\nusers.bob.api_key = 7': ("users.bob.api_key", "wrong-type", "an integer"),
    'scheme = "api-key"\nusers.bob.api_key = ""': ("users.bob.api_key", "header-value", "'bob'"),
    'scheme = "api-key"\nusers.bob.api_key = "hush hush "': ("users.bob.api_key", "header-value", "'bob'"),
    'scheme = "api-key"\nusers.alice.api_key = "hush"\nusers.bob.api_key = "hush"': (
        "users.bob.api_key",
        "same-api-key",
        "'alice' and 'bob'",
    ),
    'scheme = "session"': ("login", "missing-key", "/login"),
    'scheme = "session"\nlogin = {}': ("login.path", "missing-key", "path"),
    'scheme = "session"\nlogin = { path = "in" }': ("login.path", "bad-value", "slash"),
    'scheme = "session"\nlogin = { path = "/", jsn = {} }': ("login.jsn", "unknown-key", "'json'"),
    'scheme = "session"\nlogin = { path = "/", json = { a = 1 }, form = { a = "1" } }': (
        "login",
        "bad-value",
        "found both",
    ),
    'scheme = "session"\nlogin = { path = "/", form = { a = ["1"] } }': (
        "login.form.a",
        "wrong-type",
        "a text",
    ),
    'scheme = "session"\nlogin = { path = "/", form = { a = "{user.secret}" } }': (
        "login.form.a",
        "unknown-attribute",
        "'secret'",
    ),
    'scheme = "session"\nlogin = { path = "/", json = { a = { b = "{user.secret}" } } }': (
        "login.json.a.b",
        "unknown-attribute",
        "'secret'",
    ),
    'scheme = "session"\nlogin = { path = "/{" }': ("login.path", "braces", "{{ and }}"),
    'scheme = "session"\nlogin = { path = "/", status = 401 }': ("login.status", "bad-value", "399"),
    'scheme = "session"\nlogin = { path = "/", status = "200" }': ("login.status", "wrong-type", "integer"),
    'scheme = "session"\nlogin = { path = "/", status = true }': ("login.status", "wrong-type", "integer"),
    'scheme = "session"\nlogin = { path = "/", method = "P T" }': ("login.method", "bad-value", "'P T'"),
    'scheme = "session"\nlogin = { path = "/", csrf_path = "/x" }': (
        "login.csrf_cookie",
        "missing-key",
        "csrf_path",
    ),
    'scheme = "session"\nlogin = { path = "/", csrf_cookie = "c", csrf_header = "a b" }': (
        "login.csrf_header",
        "bad-value",
        "'a b'",
    ),
    'scheme = "sesion"': ("scheme", "bad-value", "'session'"),
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_a_scheme_cannot_use_is_refused_by_name(tmp_path: Path, text: str) -> None:
    key, code, part = REFUSED[text]
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, f"{text}\n{PEOPLE}")
    error = caught.value
    assert error.code.partition(".")[2] == code
    assert error.message.startswith(f"identities.{key} in {tmp_path / 'seatrial.toml'}: ")
    assert part in str(error)
    assert "hush" not in str(error)


@pytest.mark.parametrize(
    "text",
    [
        'scheme = "header"\nheaders = { X = "{nobody.x}" }',
        'scheme = "session"\nlogin = { path = "/", json = { x = ["{x}"] } }',
        'scheme = "session"\nlogin = { path = "/{nobody.x}" }',
    ],
)
def test_a_template_that_can_never_work_is_refused_without_any_user(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match="is no attribute of a user or a tenant"):
        load(tmp_path, text)


def test_attributes_are_no_part_of_the_repr(tmp_path: Path) -> None:
    text = 'scheme = "session"\nlogin = { path = "/", form = { password = "hush-1" } }'
    settings = load(tmp_path, f"{text}\nusers.a.password = 'hush-2'")
    assert "hush" not in repr(settings)
