"""The authorization endpoint: a user signs in by being named, and a code goes back to the client."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from seatrial.identities.oidc.codes import Grant
from seatrial.identities.oidc.grants import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seatrial.identities.oidc.issuer import Issuer


def sign_in(issuer: Issuer, query: Mapping[str, str]) -> str | None:
    """Answer one call of the authorization endpoint.

    Args:
        issuer: who issues.
        query: the parameters; `login_hint` names the user.

    Returns:
        Where the browser goes next; None while nobody says who signs in.

    Raises:
        RefusedError: the client or the place for the code is not known, so that nothing may be sent there.
    """
    if query.get("client_id") != issuer.client_id:
        raise RefusedError("invalid_client", "expected {identities.client_id} as the client_id")
    place = query.get("redirect_uri", "")
    if urlsplit(place).scheme not in ("http", "https") or urlsplit(place).fragment:
        raise RefusedError("invalid_request", "expected a redirect_uri that is an absolute URL")
    problem = _problem(query)
    if problem is not None:
        return _back(place, query, problem)
    user = query.get("login_hint")
    if user is None:
        return None
    if user not in issuer.users:
        return _back(
            place, query, {"error": "access_denied", "error_description": "no such user is declared"}
        )
    grant = Grant(
        user=user,
        scope=query.get("scope", ""),
        redirect_uri=place,
        challenge=query.get("code_challenge"),
        nonce=query.get("nonce"),
    )
    return _back(place, query, {"code": issuer.codes.keep(grant), "iss": issuer.url})


def page(issuer: Issuer, query: Mapping[str, str]) -> str:
    """A page on which a person, or a browser that is driven by a test, chooses who signs in."""
    links = "".join(
        f'<li><a href="?{html.escape(urlencode({**query, "login_hint": name}))}">{html.escape(name)}</a></li>'
        for name in issuer.users
    )
    return f"<!doctype html><title>Sign in</title><h1>Sign in as</h1><ul>{links}</ul>"


def _problem(query: Mapping[str, str]) -> dict[str, str] | None:
    if query.get("response_type") != "code":
        return {"error": "unsupported_response_type", "error_description": "expected response_type=code"}
    if "code_challenge" in query and query.get("code_challenge_method") != "S256":
        return {"error": "invalid_request", "error_description": "expected code_challenge_method=S256"}
    return None


def _back(place: str, query: Mapping[str, str], answer: Mapping[str, str]) -> str:
    state = {"state": query["state"]} if "state" in query else {}
    return f"{place}{'&' if urlsplit(place).query else '?'}{urlencode({**answer, **state})}"
