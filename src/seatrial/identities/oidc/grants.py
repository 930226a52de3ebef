"""The token endpoint (RFC 6749): what is handed out for which proof."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from seatrial.identities.oidc.codes import Grant
from seatrial.identities.tokens import LIFETIME

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seatrial.identities.oidc.issuer import Issuer

GRANT_TYPES = ("authorization_code", "client_credentials", "password", "refresh_token")
_BAD_REQUEST = 400
_UNAUTHORIZED = 401


class RefusedError(Exception):
    """An error of OAuth.

    Args:
        error: its registered name.
        description: why, for people.
        status: of the response.
    """

    def __init__(self, error: str, description: str, *, status: int = _BAD_REQUEST) -> None:
        super().__init__(description)
        self.status = status
        self.body = {"error": error, "error_description": description}


@dataclass(frozen=True)
class _Client:
    """Who asks: whether its name is right, and whether it has proven that with the secret."""

    known: bool
    proven: bool


def exchange(issuer: Issuer, form: Mapping[str, str], *, authorization: str | None) -> dict[str, Any]:
    """Answer one call of the token endpoint.

    Args:
        issuer: who issues.
        form: the body.
        authorization: the header of this name.

    Raises:
        RefusedError: the call is not entitled to what it asks for.
    """
    client = _client(issuer, form, authorization)
    kind = form.get("grant_type")
    if kind == "authorization_code":
        return _by_code(issuer, form, client)
    if kind == "refresh_token":
        return _by_refresh_token(issuer, form, client)
    if kind not in GRANT_TYPES:
        raise RefusedError("unsupported_grant_type", f"expected one of {', '.join(GRANT_TYPES)}")
    _need_proof(client)
    if kind == "client_credentials":
        return _answer(issuer.for_client(form.get("scope", "")), form.get("scope", ""))
    user = form.get("username", "")
    if not issuer.has_password(user, form.get("password", "")):
        raise RefusedError(
            "invalid_grant",
            "no such user, or another password; a user without an attribute `password` has none",
        )
    return _for_user(issuer, Grant(user=user, scope=form.get("scope", "")))


def _client(issuer: Issuer, form: Mapping[str, str], authorization: str | None) -> _Client:
    name, secret = form.get("client_id"), form.get("client_secret")
    method, _, credentials = (authorization or "").partition(" ")
    if method.lower() == "basic":
        try:
            decoded = base64.b64decode(credentials, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            decoded = ""
        name, _, secret = (unquote_plus(part) for part in decoded.partition(":"))
    if secret is not None and not issuer.is_client(name, secret):
        raise _unknown_client()
    return _Client(known=name == issuer.client_id, proven=secret is not None)


def _by_code(issuer: Issuer, form: Mapping[str, str], client: _Client) -> dict[str, Any]:
    grant = issuer.codes.take(form.get("code", ""))
    if grant is None or grant.redirect_uri is None:
        raise RefusedError("invalid_grant", "this code was never given, or is used")
    if grant.redirect_uri != form.get("redirect_uri"):
        raise RefusedError("invalid_grant", "the code was sent to another redirect_uri")
    if not grant.proves(form.get("code_verifier")):
        raise RefusedError("invalid_grant", "the code_verifier does not fit the code_challenge")
    if grant.challenge is None or not client.known:
        _need_proof(client)
    kept = Grant(user=grant.user, scope=grant.scope, public=not client.proven)
    return _for_user(issuer, kept, nonce=grant.nonce)


def _by_refresh_token(issuer: Issuer, form: Mapping[str, str], client: _Client) -> dict[str, Any]:
    grant = issuer.codes.take(form.get("refresh_token", ""))
    if grant is None or grant.redirect_uri is not None:
        raise RefusedError("invalid_grant", "this refresh token was never given, or is used")
    if not (grant.public and client.known):
        _need_proof(client)
    return _for_user(issuer, grant)


def _for_user(issuer: Issuer, grant: Grant, *, nonce: str | None = None) -> dict[str, Any]:
    answer = _answer(issuer.for_user(grant.user, grant.scope), grant.scope)
    answer["refresh_token"] = issuer.codes.keep(grant)
    if "openid" in grant.scope.split():
        answer["id_token"] = issuer.id_token(grant.user, nonce)
    return answer


def _answer(token: str, scope: str) -> dict[str, Any]:
    answer: dict[str, Any] = {"access_token": token, "token_type": "Bearer", "expires_in": LIFETIME}
    return {**answer, "scope": scope} if scope else answer


def _need_proof(client: _Client) -> None:
    if not client.proven:
        raise _unknown_client()


def _unknown_client() -> RefusedError:
    return RefusedError(
        "invalid_client",
        "expected {identities.client_id} and {identities.client_secret}, by Basic or in the body",
        status=_UNAUTHORIZED,
    )
