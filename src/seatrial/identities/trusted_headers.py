"""The scheme `header`: what a proxy that has authenticated the user tells the application."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from seatrial.config.credentials import expand_headers
from seatrial.identities.scheme import needs_user, no_single_text, no_tokens, unknown_kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seatrial.config.settings import IdentitySettings

_MISSING = "missing_"


class TrustedHeaders:
    """Headers made of the attributes of a user.

    Args:
        settings: users and templates.

    Raises:
        IdentityError: the headers cannot be made for every user.
    """

    def __init__(self, settings: IdentitySettings) -> None:
        self._names = list(settings.headers)
        self._headers = {name: expand_headers(settings, user) for name, user in settings.users.items()}

    def headers(self, user: str) -> Mapping[str, str]:
        """The headers of a user."""
        return self._headers[user]

    def forged(self, kind: str, user: str | None) -> Mapping[str, str]:
        """No header at all, or all but one.

        Raises:
            IdentityError: the kind is neither `none` nor `missing_<header>`.
        """
        kinds = ["none", *(f"{_MISSING}{name}" for name in self._names)]
        if kind not in kinds:
            raise unknown_kind(kind, kinds, scheme="header")
        if kind == "none":
            return {}
        if user is None:
            raise needs_user(kind)
        missing = kind.removeprefix(_MISSING)
        return {name: value for name, value in self._headers[user].items() if name != missing}

    def forge(self, kind: str, user: str | None) -> NoReturn:
        """There is no single text to forge."""
        del user
        raise no_single_text(kind, scheme="header", why="Headers are no single text")

    def token(self, user: str, *, expires_in: float | None, claims: Mapping[str, Any]) -> NoReturn:
        """There are no tokens."""
        del expires_in, claims
        raise no_tokens("header", f"Use identities[{user!r}].headers.")

    def reset(self) -> None:
        """Nothing belongs to a test."""
