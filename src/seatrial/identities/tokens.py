"""Bearer tokens: JWTs with the claims of a user, good and forged."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

from seatrial.config.claims import expand_claims
from seatrial.errors import IdentityError
from seatrial.identities.forgery import HOUR, forge, sign

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from seatrial.config.settings import IdentitySettings
    from seatrial.identities.keys import Keys

LIFETIME = HOUR
"""Seconds a token is good for unless the test or the claims say otherwise."""


class Tokens:
    """The schemes `jwt` and `oidc`.

    Args:
        settings: users and claims.
        keys: gives what signs now; of the algorithm that the settings name.

    Raises:
        IdentityError: the claims cannot be made for every user.
    """

    def __init__(self, settings: IdentitySettings, keys: Callable[[], Keys]) -> None:
        self._keys = keys
        self._claims = {name: expand_claims(settings, user) for name, user in settings.users.items()}
        self._recent: dict[str, tuple[float, Keys, str]] = {}

    def headers(self, user: str) -> Mapping[str, str]:
        """The token of a user as a bearer."""
        return _bearer(self._recent_token(user))

    def token(self, user: str, *, expires_in: float | None = None, claims: Mapping[str, Any]) -> str:
        """A fresh token of a user.

        Raises:
            IdentityError: a claim cannot be written to a token, or `expires_in` is no number.
        """
        return sign(self.dated_claims(user, expires_in=expires_in, extra=claims), self._keys())

    def forge(self, kind: str, user: str | None) -> str:
        """A token that is wrong in exactly one way; for `none`, an empty text."""
        claims = self.dated_claims(user) if user is not None else {}
        return forge(kind, claims, self._keys())

    def forged(self, kind: str, user: str | None) -> Mapping[str, str]:
        """A forged token as a bearer."""
        return _bearer(self.forge(kind, user))

    def reset(self) -> None:
        """Nothing belongs to a test: a token of a key that does not sign any more is not used again."""

    def dated_claims(
        self, user: str, *, expires_in: float | None = None, extra: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The claims of a token made now; those of `extra` win, and None leaves a claim out."""
        now = time.time()
        dates: dict[str, Any] = {"iat": int(now), "exp": int(now + LIFETIME)}
        asked = {"exp": int(now + _seconds(expires_in))} if expires_in is not None else {}
        merged = {**dates, **self._claims[user], **asked, **(extra or {})}
        return {claim: value for claim, value in merged.items() if value is not None}

    def _recent_token(self, name: str) -> str:
        # An RSA signature takes about a millisecond. Half a lifetime keeps the token good, and a clock
        # that a test moves in either direction gets a token of its own time.
        now, keys = time.time(), self._keys()
        made, signed_by, token = self._recent.get(name, (math.inf, keys, ""))
        if signed_by is not keys or not 0 <= now - made < LIFETIME / 2:
            token = self.token(name, claims={})
            self._recent[name] = (now, keys, token)
        return token


def _seconds(value: Any) -> float:
    # True would count as one second and NaN would fail far from here.
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise IdentityError(
            f"Expected expires_in as a number of seconds, found {value!r}.",
            code="identities.expires-in",
            remedy="Give seconds, such as 60, or -60 for a token that has expired.",
        )
    return value


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}
