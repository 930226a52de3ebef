"""Where the key that verifies a token comes from."""

import asyncio
from typing import Any, Protocol

import httpx2
import jwt

from agents.errors import ApiError
from agents.settings import Settings

_ISSUER_TIMEOUT_SECONDS = 5.0


class KeySource(Protocol):
    async def key_for(self, token: str) -> Any:
        """The key that `token` must be signed with; raises jwt.InvalidTokenError if none fits."""


class SharedSecret:
    """Development: one secret for all tokens."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    async def key_for(self, token: str) -> Any:  # noqa: ARG002 - the protocol's
        return self._secret


class IssuerKeys:
    """Production: the keys an OIDC issuer publishes, cached, and asked for again on an unknown key id."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer
        self._client: jwt.PyJWKClient | None = None

    async def key_for(self, token: str) -> Any:
        try:
            client = self._client or await self._discover()
            # PyJWT fetches with urllib, which would block the event loop.
            found = await asyncio.to_thread(client.get_signing_key_from_jwt, token)
        except (jwt.PyJWKClientConnectionError, httpx2.HTTPError) as unreachable:
            raise ApiError(
                503, "ISSUER_UNAVAILABLE", "The token issuer does not answer.", headers={"Retry-After": "5"}
            ) from unreachable
        except jwt.PyJWKClientError as unknown:
            raise jwt.InvalidTokenError(str(unknown)) from unknown
        return found.key

    async def _discover(self) -> jwt.PyJWKClient:
        async with httpx2.AsyncClient(timeout=_ISSUER_TIMEOUT_SECONDS) as http:
            answer = await http.get(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
            answer.raise_for_status()
        self._client = jwt.PyJWKClient(answer.json()["jwks_uri"], timeout=int(_ISSUER_TIMEOUT_SECONDS))
        return self._client


def key_source(settings: Settings) -> KeySource:
    """The source that the algorithm of this deployment asks for."""
    if settings.jwt_algorithm == "RS256":
        assert settings.jwt_issuer is not None
        return IssuerKeys(settings.jwt_issuer)
    assert settings.jwt_secret is not None
    return SharedSecret(settings.jwt_secret.get_secret_value())
