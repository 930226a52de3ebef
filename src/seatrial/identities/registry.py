"""The declared users, and tokens for them."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

from seatrial.config.claims import expand_claims, tenant_attributes, user_attributes
from seatrial.config.names import suggest
from seatrial.errors import IdentityError
from seatrial.identities.forgery import HOUR, forge, sign
from seatrial.identities.identity import Identity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from seatrial.config.settings import IdentitySettings, User
    from seatrial.identities.keys import Keys

LIFETIME = HOUR
"""Seconds a token is good for unless the test or the claims say otherwise."""


class Identities:
    """The users that the settings declare, each with a credential the application accepts.

    Args:
        settings: tenants, users and claims.
        keys: what signs the tokens; of the algorithm that the settings name.

    Raises:
        IdentityError: the claims cannot be made for every user, or the keys are of another algorithm.
    """

    def __init__(self, settings: IdentitySettings, *, keys: Keys) -> None:
        if keys.algorithm != settings.algorithm:
            raise IdentityError(
                f"Expected keys for {settings.algorithm}, found keys for {keys.algorithm}.",
                code="identities.algorithm",
                remedy=f"Make them with Keys.generate({settings.algorithm!r}).",
            )
        self._settings = settings
        self._keys = keys
        self._claims = {name: expand_claims(settings, user) for name, user in settings.users.items()}
        self._recent: dict[str, tuple[float, str]] = {}

    def __iter__(self) -> Iterator[str]:
        """The names of the users, in the order of the settings."""
        return iter(self._settings.users)

    def __getitem__(self, name: str) -> Identity:
        """Return the identity of a declared user.

        Raises:
            IdentityError: no such user is declared.
        """
        user = self._user(name)
        return self._identity(user, name=name, headers=lambda: _bearer(self._recent_token(name)))

    def token(self, user: str, *, expires_in: float | None = None, **claims: Any) -> str:
        """Return a fresh token of a declared user.

        Args:
            user: its name.
            expires_in: seconds from now, negative for a token that has expired; default: one hour, or
                what the claims of the settings say.
            claims: claims that replace those of the settings; None leaves a claim out.

        Raises:
            IdentityError: no such user is declared, or a claim cannot be written to a token.
        """
        return sign(self._dated_claims(user, expires_in=expires_in, extra=claims), self._keys)

    def forge(self, kind: str, *, user: str | None = None) -> str:
        """Return a token that the application must refuse; for the kind `none`, an empty text.

        Args:
            kind: `none`, `malformed`, `expired`, `not_yet_valid`, `wrong_key`, `alg_none`,
                `wrong_audience`, `confused_algorithm` (RS256) or `missing_<claim>`.
            user: whose token it would be; default: the first declared user.

        Raises:
            IdentityError: the kind or the user is unknown.
        """
        name = user if user is not None else next(iter(self), None)
        claims = self._dated_claims(name, expires_in=None, extra={}) if name is not None else {}
        return forge(kind, claims, self._keys)

    def forged(self, kind: str, *, user: str | None = None) -> Identity:
        """Return an identity whose credential is `forge(kind, user=user)`."""
        headers = _bearer(self.forge(kind, user=user))
        name = user if user is not None else next(iter(self), None)
        if name is None:
            return Identity(kind, headers=headers)
        return self._identity(self._user(name), name=f"{name} ({kind})", headers=headers)

    def headers(self, who: str | Identity) -> dict[str, str]:
        """Return the headers of one request of a user (by name) or of an identity."""
        return (self[who] if isinstance(who, str) else who).headers

    def _user(self, name: str) -> User:
        if name not in self._settings.users:
            raise IdentityError(
                f"No user {name!r} is declared.",
                code="identities.unknown-user",
                remedy=f"{suggest(name, self._settings.users, none='no user is declared')} "
                "Declare it in the table identities.users.",
            )
        return self._settings.users[name]

    def _identity(self, user: User, *, name: str, headers: Any) -> Identity:
        return Identity(
            name,
            headers=headers,
            tenant=tenant_attributes(self._settings, user),
            attributes=user_attributes(user),
        )

    def _dated_claims(
        self, name: str, *, expires_in: float | None, extra: Mapping[str, Any]
    ) -> dict[str, Any]:
        claims = self._claims[self._user(name).name]
        now = time.time()
        dates: dict[str, Any] = {"iat": int(now), "exp": int(now + LIFETIME)}
        asked = {"exp": int(now + _seconds(expires_in))} if expires_in is not None else {}
        merged = {**dates, **claims, **asked, **extra}
        return {claim: value for claim, value in merged.items() if value is not None}

    def _recent_token(self, name: str) -> str:
        # An RSA signature takes about a millisecond. Half a lifetime keeps the token good, and a clock
        # that a test moves in either direction gets a token of its own time.
        now = time.time()
        made, token = self._recent.get(name, (math.inf, ""))
        if not 0 <= now - made < LIFETIME / 2:
            token = self.token(name)
            self._recent[name] = (now, token)
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
