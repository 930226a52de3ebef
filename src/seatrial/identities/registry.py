"""The declared users, and credentials for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from seatrial.config.expanding import tenant_attributes, user_attributes
from seatrial.config.names import suggest
from seatrial.errors import IdentityError
from seatrial.identities.identity import Identity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seatrial.config.settings import IdentitySettings, User
    from seatrial.identities.keys import Keys
    from seatrial.identities.oidc.issuer import Issuer
    from seatrial.identities.scheme import Scheme


class Identities:
    """The users that the settings declare, each with a credential the application accepts.

    Args:
        settings: the scheme, tenants and users.
        keys: what signs tokens under the scheme `jwt`; of the algorithm that the settings name.
        scheme: what makes the credentials under every other scheme.
        issuer: who issues the tokens under the scheme `oidc`.

    Raises:
        IdentityError: the claims cannot be made for every user, or the keys are of another algorithm.
    """

    def __init__(
        self,
        settings: IdentitySettings,
        *,
        keys: Keys | None = None,
        scheme: Scheme | None = None,
        issuer: Issuer | None = None,
    ) -> None:
        self._settings = settings
        self._issuer = issuer
        self._scheme = scheme if scheme is not None else _tokens(settings, keys)

    def __iter__(self) -> Iterator[str]:
        """The names of the users, in the order of the settings."""
        return iter(self._settings.users)

    def __getitem__(self, name: str) -> Identity:
        """Return the identity of a declared user.

        Raises:
            IdentityError: no such user is declared.
        """
        user = self._user(name)
        return self._identity(user, name=name, headers=lambda: self._scheme.headers(name))

    def token(self, user: str, *, expires_in: float | None = None, **claims: Any) -> str:
        """Return a fresh token of a declared user.

        Args:
            user: its name.
            expires_in: seconds from now, negative for a token that has expired; default: one hour, or
                what the claims of the settings say.
            claims: claims that replace those of the settings; None leaves a claim out.

        Raises:
            IdentityError: no such user is declared, a claim cannot be written to a token, or the scheme has
                no tokens.
        """
        return self._scheme.token(self._user(user).name, expires_in=expires_in, claims=claims)

    def forge(self, kind: str, *, user: str | None = None) -> str:
        """Return a token or a key that the application must refuse; for the kind `none`, an empty text.

        Args:
            kind: for tokens `none`, `malformed`, `expired`, `not_yet_valid`, `wrong_key`, `alg_none`,
                `wrong_audience`, `wrong_issuer`, `confused_algorithm` (RS256), `unknown_kid` (`oidc`) or
                `missing_<claim>`; for API keys `none`, `malformed` or `wrong_key`.
            user: whose it would be; default: the first declared user.

        Raises:
            IdentityError: the kind or the user is unknown, or the credential of the scheme is no single text.
        """
        return self._scheme.forge(kind, self._whose(user))

    def forged(self, kind: str, *, user: str | None = None) -> Identity:
        """Return an identity with a credential that the application must refuse.

        Args:
            kind: see `forge`; for headers `none` or `missing_<header>`; for sessions `none`, `malformed` or
                `wrong_key`; for a scheme of your own `none`.
            user: whose it would be; default: the first declared user.

        Raises:
            IdentityError: the kind or the user is unknown.
        """
        name = self._whose(user)
        headers = self._scheme.forged(kind, name)
        if name is None:
            return Identity(kind, headers=headers)
        return self._identity(self._user(name), name=f"{name} ({kind})", headers=headers)

    def rotate_keys(self) -> None:
        """Sign with a new key from now on; the old ones are published still, until the test is over.

        Raises:
            IdentityError: the scheme is not `oidc`.
        """
        self._issued("rotate_keys").ring.rotate()

    def retire_keys(self) -> None:
        """Publish only the key that signs now, until the test is over: tokens of older ones become worthless.

        Raises:
            IdentityError: the scheme is not `oidc`.
        """
        self._issued("retire_keys").ring.retire()

    def headers(self, who: str | Identity) -> dict[str, str]:
        """Return the headers of one request of a user (by name) or of an identity."""
        return (self[who] if isinstance(who, str) else who).headers

    def reset(self) -> None:
        """Forget what belongs to the test before: sessions, rotated keys."""
        if self._issuer is not None:
            self._issuer.reset()
        self._scheme.reset()

    def lasting_headers(self, who: str | Identity) -> dict[str, str]:
        """Return headers that outlive the running test: a user that logs in gets a session of its own."""
        from seatrial.identities.logins import Logins  # noqa: PLC0415 - brings httpx2, which not all need

        if isinstance(who, str) and isinstance(self._scheme, Logins):
            return dict(self._scheme.headers_anew(self._user(who).name))
        return self.headers(who)

    def _user(self, name: str) -> User:
        if name not in self._settings.users:
            raise IdentityError(
                f"No user {name!r} is declared.",
                code="identities.unknown-user",
                remedy=f"{suggest(name, self._settings.users, none='no user is declared')} "
                "Declare it in the table identities.users.",
            )
        return self._settings.users[name]

    def _whose(self, user: str | None) -> str | None:
        return self._user(user).name if user is not None else next(iter(self), None)

    def _identity(self, user: User, *, name: str, headers: Any) -> Identity:
        return Identity(
            name,
            headers=headers,
            tenant=tenant_attributes(self._settings, user),
            attributes=user_attributes(self._settings, user),
        )

    def _issued(self, wanted: str) -> Issuer:
        if self._issuer is None:
            self._refuse_without_issuer(wanted)
        return self._issuer

    def _refuse_without_issuer(self, wanted: str) -> NoReturn:
        raise IdentityError(
            f"{wanted}() has no meaning under scheme = {self._settings.scheme!r}: nobody publishes keys.",
            code="identities.no-issuer",
            remedy='Use scheme = "oidc".',
        )


def _tokens(settings: IdentitySettings, keys: Keys | None) -> Scheme:
    from seatrial.identities.tokens import Tokens  # noqa: PLC0415 - PyJWT, which other schemes do without

    found = keys.algorithm if keys is not None else None
    if keys is None or found != settings.algorithm:
        raise IdentityError(
            f"Expected keys for {settings.algorithm}, found {f'keys for {found}' if found else 'none'}.",
            code="identities.algorithm",
            remedy=f"Make them with Keys.generate({settings.algorithm!r}).",
        )
    return Tokens(settings, lambda: keys)
