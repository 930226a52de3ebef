from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jwt
import pytest

from seatrial.config import IdentitySettings, User, load_settings
from seatrial.errors import IdentityError, SettingsError
from seatrial.identities import Identities, Keys

if TYPE_CHECKING:
    from pathlib import Path

PEOPLE = """
[tool.seatrial.identities.tenants]
a = { id = "1234", plan = "gold", quota = 5 }
b = { id = "5678", plan = "free", quota = 0, name = "Tenant B" }
[tool.seatrial.identities.users]
alice = { tenant = "a", role = "admin", sub = "u-1", scopes = ["read", "write"], level = 3, active = true }
"bob ü" = { tenant = "b", sub = "u-2", name = "Bob", scopes = [], level = 0.5, active = false }
"""


def load(folder: Path, claims: str, people: str = PEOPLE) -> IdentitySettings:
    file = folder / "pyproject.toml"
    file.write_text(f"[tool.seatrial.identities]\nclaims = {{ {claims} }}\n{people}")
    return load_settings(file).identities


def claims_of(settings: IdentitySettings, user: str) -> dict[str, Any]:
    """Decode a user's token as an application would, without the dates."""
    keys = Keys.generate()
    token = Identities(settings, keys=keys).token(user)
    options = {"verify_aud": False}
    claims = jwt.decode(token, keys.secret, algorithms=["HS256"], options=options)
    return {name: value for name, value in claims.items() if name not in ("iat", "exp")}


@pytest.mark.parametrize(
    ("template", "alice", "bob"),
    [
        ('"{user.sub}"', "u-1", "u-2"),
        ('"{user.name}"', "alice", "Bob"),
        ('"{user.tenant}/{tenant.name}"', "a/a", "b/Tenant B"),
        ('"{user.scopes}"', ["read", "write"], []),
        ('"{user.level}"', 3, 0.5),
        ('"{user.active}"', True, False),
        ('"level {user.level}"', "level 3", "level 0.5"),
        ('"{ tenant.id }"', "1234", "5678"),
        ('["{tenant.plan}", "x", 1, "{user.scopes}"]', ["gold", "x", 1, ["read", "write"]], None),
        ('{ deep = { id = "{tenant.id}", list = [{ n = "{user.name}" }] } }', None, None),
        ("7", 7, 7),
        ("true", True, True),
        ("1.5", 1.5, 1.5),
        ('""', "", ""),
        ('"{{user.sub}}"', "{user.sub}", "{user.sub}"),
    ],
)
def test_templates_expand_and_keep_types(tmp_path: Path, template: str, alice: Any, bob: Any) -> None:
    settings = load(tmp_path, f"x = {template}")
    if template.startswith("{ deep"):
        alice = {"deep": {"id": "1234", "list": [{"n": "alice"}]}}
        bob = {"deep": {"id": "5678", "list": [{"n": "Bob"}]}}
    elif bob is None:
        bob = ["free", "x", 1, []]
    assert claims_of(settings, "alice") == {"x": alice}
    assert claims_of(settings, "bob ü") == {"x": bob}


def test_a_nested_attribute_is_reached_by_dots(tmp_path: Path) -> None:
    people = "[tool.seatrial.identities.users.a.address]\ncity = 'Oslo'"
    assert claims_of(load(tmp_path, 'city = "{user.address.city}"', people), "a") == {"city": "Oslo"}


def test_audience_and_issuer_are_added_unless_the_claims_give_them(tmp_path: Path) -> None:
    extra = "\n[tool.seatrial.identities]\naudience = 'api'\nissuer = 'https://i'\n"
    people = "[tool.seatrial.identities.users]\na = {}"
    file = tmp_path / "pyproject.toml"
    file.write_text(f"{extra}{people}")
    assert claims_of(load_settings(file).identities, "a") == {"aud": "api", "iss": "https://i"}
    file.write_text(f"{extra}claims = {{ aud = ['x', 'y'] }}\n{people}")
    assert claims_of(load_settings(file).identities, "a") == {"aud": ["x", "y"], "iss": "https://i"}


REFUSED = [
    ('x = "{user.subb}"', "claims.x", "unknown-attribute", "'sub'"),
    ('x = "{user.role}"', "claims.x", "unknown-attribute", "user 'bob ü'"),
    ('x = "{tenant.idd}"', "claims.x", "unknown-attribute", "'id'"),
    ('x = "{user.sub.more}"', "claims.x", "unknown-attribute", "'more'"),
    ('x = ["ok", "{user.nope}"]', "claims.x[1]", "unknown-attribute", "'nope'"),
    ('x = { y = "{user.nope}" }', "claims.x.y", "unknown-attribute", "'nope'"),
    ('x = "{database.url}"', "claims.x", "placeholder", "{database.url}"),
    ('x = "{user}"', "claims.x", "placeholder", "{user}"),
    ("x = '{\"a\": 1}'", "claims.x", "braces", "{{ and }}"),
    ('x = "{"', "claims.x", "braces", "{{ and }}"),
    ("x = 2027-01-01", "claims.x", "not-json", "dates in quotes"),
    ("x = nan", "claims.x", "not-json", "float"),
]


@pytest.mark.parametrize(("claims", "key", "code", "part"), REFUSED, ids=[row[0] for row in REFUSED])
def test_a_claim_that_cannot_be_made_is_refused_when_the_settings_load(
    tmp_path: Path, claims: str, key: str, code: str, part: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, claims)
    assert caught.value.code == f"identities.{code}"
    assert caught.value.message.startswith(
        f"tool.seatrial.identities.{key} in {tmp_path / 'pyproject.toml'}: "
    )
    assert part in str(caught.value)


@pytest.mark.parametrize(
    "claims", ['x = "{nobody.x}"', 'x = ["{x}"]', 'x = { y = "{" }', 'x = { y = [{ z = "{a.b}" }] }']
)
def test_a_template_that_can_never_work_is_refused_without_any_user(tmp_path: Path, claims: str) -> None:
    with pytest.raises(SettingsError, match=r"tool\.seatrial\.identities\.claims\.x"):
        load(tmp_path, claims, people="")


def test_a_user_without_the_tenant_that_a_claim_needs_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="needs a tenant, and user 'root' has none") as caught:
        load(tmp_path, 'x = "{tenant.id}"', "[tool.seatrial.identities.users]\nroot = {}")
    assert caught.value.code == "identities.no-tenant"


def test_a_date_among_the_attributes_is_refused_only_where_a_claim_uses_it(tmp_path: Path) -> None:
    people = "[tool.seatrial.identities.users]\na = { born = 2000-01-01, tags = [2000-01-01] }"
    load(tmp_path, "x = 1", people)
    for attribute in ("born", "tags"):
        with pytest.raises(SettingsError, match="date has no form in JSON"):
            load(tmp_path, f'x = "{{user.{attribute}}}"', people)


def test_settings_built_by_hand_are_refused_at_once() -> None:
    settings = IdentitySettings(claims={"x": "{user.nope}"}, users={"a": User(name="a")})
    with pytest.raises(IdentityError, match=r"^identities\.claims\.x: \{user\.nope\} names 'nope'"):
        Identities(settings, keys=Keys.generate())
