"""Tokens that an application must refuse, each for one reason."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING, Any

import jwt

from seatrial.config.names import suggest
from seatrial.errors import IdentityError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from seatrial.identities.keys import Keys

HOUR = 3600
"""Seconds: far beyond any leeway an application may grant to clocks."""

MALFORMED = "this-is-not-a-token"
WRONG_AUDIENCE = "https://another-audience.invalid"
WRONG_ISSUER = "https://another-issuer.invalid"
UNKNOWN_KID = "never-published"
_MISSING = "missing_"


def kinds(claims: Mapping[str, Any], keys: Keys) -> list[str]:
    """Return the kinds that can be forged from these claims with these keys."""
    always = ["none", "malformed", "expired", "not_yet_valid", "wrong_key", "alg_none"]
    audience = ["wrong_audience"] if "aud" in claims else []
    issuer = ["wrong_issuer"] if "iss" in claims else []
    unknown = ["unknown_kid"] if keys.kid is not None else []
    confused = ["confused_algorithm"] if keys.algorithm == "RS256" else []
    missing = [f"{_MISSING}{claim}" for claim in claims]
    return [*always, *audience, *issuer, *confused, *unknown, *missing]


def forge(kind: str, claims: Mapping[str, Any], keys: Keys) -> str:
    """Return a token that is wrong in exactly one way; for `none`, an empty text.

    Args:
        kind: one of `kinds`.
        claims: the claims of a good token.
        keys: the keys of a good token.

    Raises:
        IdentityError: the kind is unknown, or these claims or keys cannot give it.
    """
    if kind not in kinds(claims, keys):
        raise _refusal(kind, claims, keys)
    if kind.startswith(_MISSING):
        missing = kind.removeprefix(_MISSING)
        return sign({name: value for name, value in claims.items() if name != missing}, keys)
    return _FORGERS[kind](claims, keys)


def sign(claims: Mapping[str, Any], keys: Keys) -> str:
    """Return a good token with these claims.

    Raises:
        IdentityError: a claim cannot be written as JSON or has a type its meaning does not allow.
    """
    try:
        return jwt.encode(dict(claims), keys.signing, algorithm=keys.algorithm, headers=_head(keys))
    except (TypeError, ValueError) as error:
        raise IdentityError(
            f"The claims {', '.join(map(repr, claims))} cannot be written to a token: {error}.",
            code="identities.not-json",
            remedy="Use text, numbers, booleans, lists or dictionaries as claims.",
        ) from error


def _head(keys: Keys) -> dict[str, Any]:
    return {"kid": keys.kid} if keys.kid is not None else {}


def _signed_by_stranger(claims: Mapping[str, Any], keys: Keys, **head: str) -> str:
    return jwt.encode(dict(claims), keys.untrusted, algorithm=keys.algorithm, headers={**_head(keys), **head})


def _signed_with_text(claims: Mapping[str, Any], keys: Keys) -> str:
    """Sign with HS256 and a public key as the secret, which PyJWT rightly refuses to do."""
    key = keys.public_key
    head = _segment({"alg": "HS256", "typ": "JWT", **_head(keys)})
    body = _segment(claims)
    signature = hmac.new(key.encode(), f"{head}.{body}".encode(), hashlib.sha256).digest()
    return f"{head}.{body}.{_base64url(signature)}"


def _segment(content: Mapping[str, Any]) -> str:
    return _base64url(json.dumps(dict(content), separators=(",", ":")).encode())


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _refusal(kind: str, claims: Mapping[str, Any], keys: Keys) -> IdentityError:
    reasons = {
        "wrong_audience": "the tokens have no audience: set audience in the table identities",
        "wrong_issuer": "the tokens have no issuer: set issuer in the table identities",
        "unknown_kid": 'their keys are not published: it needs scheme = "oidc"',
        "confused_algorithm": 'it needs a public key: set algorithm = "RS256" in the table identities',
    }
    reason = reasons.get(kind)
    if reason is None and kind.startswith(_MISSING):
        reason = f"the tokens have no claim {kind.removeprefix(_MISSING)!r} that could be missing"
    return IdentityError(
        f"A token of the kind {kind!r} cannot be forged: {reason or 'this kind is unknown'}.",
        code="identities.unknown-kind",
        remedy=suggest(kind, kinds(claims, keys)),
    )


def _expired(claims: Mapping[str, Any], keys: Keys) -> str:
    now = int(time.time())
    return sign({**claims, "iat": now - 2 * HOUR, "exp": now - HOUR}, keys)


def _not_yet_valid(claims: Mapping[str, Any], keys: Keys) -> str:
    now = int(time.time())
    return sign({**claims, "nbf": now + HOUR, "exp": now + 2 * HOUR}, keys)


_FORGERS: dict[str, Callable[[Mapping[str, Any], Keys], str]] = {
    "none": lambda _claims, _keys: "",
    "malformed": lambda _claims, _keys: MALFORMED,
    "expired": _expired,
    "not_yet_valid": _not_yet_valid,
    "wrong_audience": lambda claims, keys: sign({**claims, "aud": WRONG_AUDIENCE}, keys),
    "wrong_issuer": lambda claims, keys: sign({**claims, "iss": WRONG_ISSUER}, keys),
    "wrong_key": _signed_by_stranger,
    "unknown_kid": lambda claims, keys: _signed_by_stranger(claims, keys, kid=UNKNOWN_KID),
    "alg_none": lambda claims, keys: jwt.encode(dict(claims), "", algorithm="none", headers=_head(keys)),
    "confused_algorithm": _signed_with_text,
}
