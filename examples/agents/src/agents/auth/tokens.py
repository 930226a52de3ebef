"""Bearer tokens: from the header to claims that can be trusted."""

from typing import Annotated
from uuid import UUID

import jwt
from pydantic import BaseModel, StringConstraints, ValidationError

from agents.auth.keys import key_source
from agents.errors import ApiError
from agents.roles import Role
from agents.settings import Settings
from agents.text import storable

_REALM = 'Bearer realm="agents"'
_REQUIRED = ["exp", "iat", "aud", "sub", "tenant_id", "role"]


class Claims(BaseModel):
    """What a token says about its bearer."""

    sub: Annotated[str, StringConstraints(min_length=1, max_length=200), storable]
    tenant_id: UUID
    role: Role
    email: Annotated[str, StringConstraints(max_length=320), storable] | None = None


class TokenVerifier:
    """Accepts tokens of this deployment's algorithm, issuer and audience, and no others."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._keys = key_source(settings)

    async def verify(self, authorization: str | None) -> Claims:
        """The claims of the token in an `Authorization` header.

        Raises:
            ApiError: 401 with `WWW-Authenticate` for anything but a valid, complete token.
        """
        token = _bearer_token(authorization)
        try:
            payload = jwt.decode(
                token,
                await self._keys.key_for(token),
                algorithms=[self._settings.jwt_algorithm],
                audience=self._settings.jwt_audience,
                issuer=self._settings.jwt_issuer,
                options={"require": _REQUIRED},
            )
            return Claims.model_validate(payload)
        except jwt.ExpiredSignatureError as expired:
            raise _invalid("TOKEN_EXPIRED", "The token has expired.") from expired
        except (jwt.InvalidTokenError, ValidationError) as invalid:
            raise _invalid("INVALID_TOKEN", "The token is not valid.") from invalid


def _bearer_token(authorization: str | None) -> str:
    if not authorization:
        raise ApiError(
            401, "UNAUTHENTICATED", "A bearer token is required.", headers={"WWW-Authenticate": _REALM}
        )
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _invalid("INVALID_TOKEN", "The Authorization header is not a bearer token.")
    return token.strip()


def _invalid(code: str, message: str) -> ApiError:
    return ApiError(401, code, message, headers={"WWW-Authenticate": f'{_REALM}, error="invalid_token"'})
