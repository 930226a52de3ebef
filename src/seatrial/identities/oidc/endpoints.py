"""The endpoints of an issuer as an ASGI application; whoever has a server serves it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from seatrial.identities.oidc.grants import GRANT_TYPES, RefusedError, exchange
from seatrial.identities.oidc.signing_in import page, sign_in

if TYPE_CHECKING:
    from starlette.requests import Request

    from seatrial.identities.oidc.issuer import Issuer

_UNAUTHORIZED = 401
_FOUND = 302
_NO_STORE = {"Cache-Control": "no-store"}


class Endpoints:
    """Discovery, keys, sign-in, tokens, and what is known of a user.

    Args:
        issuer: who issues.
    """

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer

    def application(self) -> Starlette:
        """The ASGI application."""
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._configuration),
                Route("/jwks", self._jwks),
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
                Route("/userinfo", self._userinfo, methods=["GET", "POST"]),
            ]
        )

    async def _configuration(self, _request: Request) -> Response:
        url = self._issuer.url
        return JSONResponse(
            {
                "issuer": url,
                "authorization_endpoint": f"{url}/authorize",
                "token_endpoint": f"{url}/token",
                "userinfo_endpoint": f"{url}/userinfo",
                "jwks_uri": f"{url}/jwks",
                "response_types_supported": ["code"],
                "grant_types_supported": list(GRANT_TYPES),
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": [
                    "client_secret_basic",
                    "client_secret_post",
                    "none",
                ],
                "code_challenge_methods_supported": ["S256"],
                "scopes_supported": ["openid"],
                "authorization_response_iss_parameter_supported": True,
            }
        )

    async def _jwks(self, _request: Request) -> Response:
        return JSONResponse(self._issuer.ring.jwks())

    async def _authorize(self, request: Request) -> Response:
        query = dict(request.query_params)
        try:
            place = sign_in(self._issuer, query)
        except RefusedError as refused:
            return JSONResponse(refused.body, refused.status)
        if place is None:
            return HTMLResponse(page(self._issuer, query))
        return RedirectResponse(place, _FOUND)

    async def _token(self, request: Request) -> Response:
        form: dict[str, Any] = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        try:
            answer = exchange(self._issuer, form, authorization=request.headers.get("authorization"))
        except RefusedError as refused:
            challenge = {"WWW-Authenticate": "Basic"} if refused.status == _UNAUTHORIZED else {}
            return JSONResponse(refused.body, refused.status, headers={**_NO_STORE, **challenge})
        return JSONResponse(answer, headers=_NO_STORE)

    async def _userinfo(self, request: Request) -> Response:
        method, _, token = request.headers.get("authorization", "").partition(" ")
        claims = self._issuer.claims_of(token) if method.lower() == "bearer" else None
        if claims is None:
            headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
            return JSONResponse({"error": "invalid_token"}, _UNAUTHORIZED, headers=headers)
        of_the_token = ("iss", "aud", "exp", "iat", "nbf")
        return JSONResponse({name: value for name, value in claims.items() if name not in of_the_token})
