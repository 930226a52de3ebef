"""Where clients find the token endpoint, and tokens for service principals: OAuth, machine to machine."""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from starlette.responses import JSONResponse

from seatrial.fakes.databricks.people.tokens import HOUR_S

if TYPE_CHECKING:
    from starlette.responses import Response

    from seatrial.fakes.databricks.fake import DatabricksFake
    from seatrial.fakes.request import Request

_SCOPES = frozenset({"all-apis", "offline_access", "openid", "profile", "email", "sql"})


async def describe_host(fake: DatabricksFake, request: Request) -> Response:
    """`GET /.well-known/databricks-config`."""
    return JSONResponse(
        {
            "oidc_endpoint": f"{origin(request)}/oidc",
            "workspace_id": str(fake.space.id),
            "cloud": "AWS",
        }
    )


async def describe_issuer(_fake: DatabricksFake, request: Request) -> Response:
    """`GET /oidc/.well-known/oauth-authorization-server`."""
    base = f"{origin(request)}/oidc"
    return JSONResponse(
        {
            "issuer": base,
            "authorization_endpoint": f"{base}/v1/authorize",
            "token_endpoint": f"{base}/v1/token",
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "scopes_supported": sorted(_SCOPES),
        }
    )


async def issue_token(fake: DatabricksFake, request: Request) -> Response:
    """`POST /oidc/v1/token` with `grant_type=client_credentials`."""
    form = {name: values[0] for name, values in request.form.items()}
    kind = form.get("grant_type")
    if kind != "client_credentials":
        return _refusal(400, "unsupported_grant_type", f"grant_type {kind!r} is not served by this workspace")
    unknown = set(form.get("scope", "all-apis").split()) - _SCOPES
    if unknown:
        return _refusal(400, "invalid_scope", f"unknown scope: {', '.join(sorted(unknown))}")
    client, secret = _credentials(request, form)
    with fake.space.lock:
        state = fake.space.state
        known = state.secrets.get(client)
        if known is None or not hmac.compare_digest(known.encode(), secret.encode()):
            return _refusal(401, "invalid_client", "Client authentication failed")
        text = state.tokens.issue(client, kind="oauth", expires_in=HOUR_S)
    scope = form.get("scope", "all-apis")
    body = {"access_token": text, "token_type": "Bearer", "expires_in": int(HOUR_S), "scope": scope}
    return JSONResponse(body, headers={"cache-control": "no-store"})


def origin(request: Request) -> str:
    """Scheme and address by which the client reached the workspace."""
    scheme = request.headers.get("x-forwarded-proto", "https" if request.https else "http")
    return f"{scheme}://{request.headers.get('host', '127.0.0.1')}"


def _credentials(request: Request, form: dict[str, str]) -> tuple[str, str]:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            client, _, secret = base64.b64decode(encoded).decode().partition(":")
        except (binascii.Error, ValueError):
            return "", ""
        return unquote_plus(client), unquote_plus(secret)
    return form.get("client_id", ""), form.get("client_secret", "")


def _refusal(status: int, error: str, description: str) -> Response:
    body: dict[str, Any] = {"error": error, "error_description": description}
    return JSONResponse(body, status)
