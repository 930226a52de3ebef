"""Who issues tokens: a URL, keys, one client, and the declared users."""

from __future__ import annotations

import hmac
import secrets
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import jwt

from seatrial.identities.forgery import sign
from seatrial.identities.keys import require_cryptography
from seatrial.identities.oidc.codes import Codes
from seatrial.identities.oidc.ring import KeyRing
from seatrial.identities.tokens import LIFETIME, Tokens

if TYPE_CHECKING:
    from seatrial.config.settings import IdentitySettings, User

CLIENT_ID = "seatrial"
"""The one client that the issuer knows."""


class Issuer:
    """Issues RS256 tokens to the declared users and to its one client.

    The claims of a user's token are those of the settings, with `sub` (its name, unless the claims give
    another), `iss` and `aud` (the audience of the settings, else the client).

    Args:
        settings: users and claims.
        url: where the endpoints are served, without a slash at the end.

    Raises:
        IdentityError: the claims cannot be made for every user, or the extra `rsa` is not installed.
    """

    def __init__(self, settings: IdentitySettings, *, url: str) -> None:
        require_cryptography()
        self.url = url
        self.audience = settings.audience or CLIENT_ID
        self.client_id = CLIENT_ID
        self.client_secret = secrets.token_urlsafe(32)
        self.users: dict[str, User] = settings.users
        self.ring = KeyRing()
        self.codes = Codes()
        claims = {"sub": "{user.name}", **settings.claims}
        issued = replace(settings, issuer=url, audience=self.audience, claims=claims)
        self.tokens = Tokens(issued, lambda: self.ring.signing)

    def reset(self) -> None:
        """Undo every rotation of keys."""
        self.ring.reset()

    def is_client(self, client_id: str | None, secret: str | None) -> bool:
        """Tell whether these are the credentials of the client."""
        return client_id == self.client_id and hmac.compare_digest(
            (secret or "").encode(), self.client_secret.encode()
        )

    def has_password(self, user: str, password: str) -> bool:
        """Tell whether a user declares this password; one that declares none has none."""
        declared = self.users[user].attributes.get("password") if user in self.users else None
        return isinstance(declared, str) and hmac.compare_digest(declared.encode(), password.encode())

    def for_client(self, scope: str) -> str:
        """An access token of the client itself."""
        return sign({**self._dated(self.client_id, self.audience), **_scope(scope)}, self.ring.signing)

    def for_user(self, user: str, scope: str) -> str:
        """An access token of a user."""
        return self.tokens.token(user, claims=_scope(scope))

    def id_token(self, user: str, nonce: str | None) -> str:
        """An ID token: the claims of a user, for the client."""
        more = {"aud": self.client_id, "auth_time": int(time.time())}
        return self.tokens.token(user, claims={**more, **({"nonce": nonce} if nonce else {})})

    def claims_of(self, token: str) -> dict[str, Any] | None:
        """The claims of an access token, None if it is not one of ours that is valid now."""
        try:
            keys = self.ring.find(jwt.get_unverified_header(token).get("kid"))
            if keys is None:
                return None
            return jwt.decode(
                token, keys.public_key, algorithms=["RS256"], audience=self.audience, issuer=self.url
            )
        except jwt.InvalidTokenError:
            return None

    def _dated(self, subject: str, audience: str) -> dict[str, Any]:
        now = int(time.time())
        return {
            "iss": self.url,
            "sub": subject,
            "aud": audience,
            "client_id": self.client_id,
            "iat": now,
            "exp": now + LIFETIME,
        }


def _scope(scope: str) -> dict[str, str]:
    return {"scope": scope} if scope else {}
