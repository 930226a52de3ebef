from __future__ import annotations

import subprocess
import sys

import jwt
import pytest

from seatrial.config import IdentitySettings, User
from seatrial.errors import IdentityError
from seatrial.identities import Identities, Keys

CLAIMS = {"sub": "{user.name}", "tenant_id": "{tenant.id}"}
HS256 = Keys.generate()
RS256 = Keys.generate("RS256")


def declared(keys: Keys, audience: str | None = "api") -> Identities:
    settings = IdentitySettings(
        algorithm=keys.algorithm,
        audience=audience,
        issuer="https://issuer.example",
        claims=CLAIMS,
        tenants={"a": {"id": "1"}},
        users={"first": User(name="first", tenant="a"), "second": User(name="second", tenant="a")},
    )
    return Identities(settings, keys=keys)


def accept(token: str, keys: Keys) -> str:
    """Verify a token as a careful application does, and return its subject."""
    claims = jwt.decode(
        token,
        keys.secret if keys.algorithm == "HS256" else keys.public_key,
        algorithms=[keys.algorithm],
        audience="api",
        issuer="https://issuer.example",
        options={"require": ["sub", "tenant_id", "aud", "iss", "iat", "exp"]},
        leeway=300,
    )
    return str(claims["sub"])


@pytest.mark.parametrize("keys", [HS256, RS256], ids=repr)
def test_a_good_token_is_accepted(keys: Keys) -> None:
    assert accept(declared(keys).token("second"), keys) == "second"


KINDS = [
    ("malformed", jwt.DecodeError, "Not enough segments"),
    ("expired", jwt.ExpiredSignatureError, "expired"),
    ("not_yet_valid", jwt.ImmatureSignatureError, "nbf"),
    ("wrong_key", jwt.InvalidSignatureError, "Signature"),
    ("alg_none", jwt.InvalidAlgorithmError, "not allowed"),
    ("wrong_audience", jwt.InvalidAudienceError, "Audience"),
    *(
        (f"missing_{claim}", jwt.MissingRequiredClaimError, f'"{claim}"')
        for claim in ("sub", "tenant_id", "aud", "iss", "iat", "exp")
    ),
]


@pytest.mark.parametrize("keys", [HS256, RS256], ids=repr)
@pytest.mark.parametrize(("kind", "error", "reason"), KINDS, ids=[row[0] for row in KINDS])
def test_a_forged_token_is_refused_for_its_one_reason(
    keys: Keys, kind: str, error: type[Exception], reason: str
) -> None:
    with pytest.raises(error, match=reason):
        accept(declared(keys).forge(kind), keys)


@pytest.mark.parametrize("keys", [HS256, RS256], ids=repr)
@pytest.mark.parametrize("kind", ["wrong_key", "alg_none"])
def test_a_forged_signature_hides_behind_good_claims(keys: Keys, kind: str) -> None:
    claims = jwt.decode(declared(keys).forge(kind, user="second"), options={"verify_signature": False})
    assert {name: claims[name] for name in ("sub", "tenant_id", "aud", "iss")} == {
        "sub": "second",
        "tenant_id": "1",
        "aud": "api",
        "iss": "https://issuer.example",
    }
    assert claims["exp"] == claims["iat"] + 3600


def test_alg_none_has_no_signature_and_says_so() -> None:
    token = declared(HS256).forge("alg_none")
    assert token.endswith(".")
    assert jwt.get_unverified_header(token)["alg"] == "none"


def test_a_confused_algorithm_passes_only_where_the_header_is_believed() -> None:
    import base64
    import hashlib
    import hmac

    token = declared(RS256).forge("confused_algorithm")
    with pytest.raises(jwt.InvalidAlgorithmError):
        accept(token, RS256)
    # What a naive application computes: HS256, as the header says, with the only key it has.
    signed, _, signature = token.rpartition(".")
    expected = hmac.new(RS256.public_key.encode(), signed.encode(), hashlib.sha256).digest()
    assert signature == base64.urlsafe_b64encode(expected).rstrip(b"=").decode()
    assert jwt.decode(token, options={"verify_signature": False})["sub"] == "first"


def test_none_is_no_token_and_no_header() -> None:
    identities = declared(HS256)
    assert identities.forge("none") == ""
    assert identities.forged("none").headers == {}


def test_a_forged_identity_is_its_user_with_a_bad_credential() -> None:
    identities = declared(HS256)
    forged = identities.forged("malformed", user="second")
    assert forged.name == "second (malformed)"
    assert forged.tenant == {"name": "a", "id": "1"}
    assert identities.headers(forged) == {"Authorization": "Bearer this-is-not-a-token"}
    assert identities.forged("expired").name == "first (expired)"


def test_without_users_the_kinds_that_need_none_still_work() -> None:
    identities = Identities(IdentitySettings(), keys=HS256)
    assert identities.forge("malformed") == "this-is-not-a-token"
    assert identities.forged("none").headers == {}
    with pytest.raises(IdentityError, match="no claim 'sub' that could be missing"):
        identities.forge("missing_sub")


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("expird", "this kind is unknown"),
        ("", "this kind is unknown"),
        ("missing_tenant", "the tokens have no claim 'tenant' that could be missing"),
        ("missing_", "the tokens have no claim '' that could be missing"),
        ("wrong_audience", "set audience in the table identities"),
        ("confused_algorithm", 'set algorithm = "RS256"'),
    ],
)
def test_a_kind_that_cannot_be_forged_is_refused_with_the_list(kind: str, reason: str) -> None:
    with pytest.raises(IdentityError) as caught:
        declared(HS256, audience=None).forge(kind)
    assert caught.value.code == "identities.unknown-kind"
    assert reason in caught.value.message
    assert "missing_tenant_id" in caught.value.remedy
    assert "expired" in caught.value.remedy


def test_an_unknown_user_cannot_be_forged() -> None:
    for call in (declared(HS256).forge, declared(HS256).forged):
        with pytest.raises(IdentityError, match="No user 'third'"):
            call("expired", user="third")


def test_keys_are_fresh_long_and_hidden() -> None:
    one, two = Keys.generate(), Keys.generate()
    assert one.secret != two.secret
    assert len(one.secret.encode()) >= 32
    assert one.untrusted not in (one.secret, two.secret)
    assert one.secret not in repr(one)
    assert repr(RS256) == "Keys('RS256')"
    assert one.secret.replace("-", "").replace("_", "").isalnum(), "safe in a URL and an environment"


def test_the_public_key_is_pem_and_always_the_same() -> None:
    assert RS256.public_key.startswith("-----BEGIN PUBLIC KEY-----\n")
    assert RS256.public_key == RS256.public_key
    assert Keys.generate("RS256").public_key != RS256.public_key


def test_each_algorithm_has_only_its_own_kind_of_key() -> None:
    with pytest.raises(IdentityError, match="no shared secret") as caught:
        RS256.secret  # noqa: B018
    assert caught.value.code == "identities.no-secret"
    with pytest.raises(IdentityError, match="no public key") as caught:
        HS256.public_key  # noqa: B018
    assert caught.value.code == "identities.no-public-key"


def test_an_unknown_algorithm_and_keys_of_another_are_refused() -> None:
    with pytest.raises(IdentityError, match="found 'ES256'"):
        Keys.generate("ES256")  # type: ignore[arg-type]
    with pytest.raises(IdentityError, match="Expected keys for HS256, found keys for RS256"):
        Identities(IdentitySettings(), keys=RS256)


def test_rs256_without_cryptography_names_the_extra() -> None:
    # In a process of its own, where the package can be hidden before anything has loaded it.
    program = (
        "import sys\n"
        "from importlib.machinery import PathFinder\n"
        "class Hiding(PathFinder):\n"
        "    @classmethod\n"
        "    def find_spec(cls, name, path=None, target=None):\n"
        "        return None if name == 'cryptography' else PathFinder.find_spec(name, path, target)\n"
        "sys.meta_path[:] = [f for f in sys.meta_path if f is not PathFinder] + [Hiding]\n"
        "from seatrial.identities import Keys\n"
        "Keys.generate('HS256')\n"
        "Keys.generate('RS256')\n"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "identities.no-cryptography" in result.stderr
    assert "pip install 'seatrial[rsa]'" in result.stderr
