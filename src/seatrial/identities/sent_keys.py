"""The scheme `api-key`: one header with the key of the user."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from seatrial.config.api_keys import api_keys
from seatrial.identities.scheme import needs_user, no_tokens, tampered, unknown_kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seatrial.config.settings import IdentitySettings

KINDS = ("none", "malformed", "wrong_key")
MALFORMED = "this-is-not-a-key"


class SentKeys:
    """A header and the keys it may carry.

    Args:
        settings: users, the name of the header, and what stands before the key.
    """

    def __init__(self, settings: IdentitySettings) -> None:
        self._header = settings.header
        self._prefix = settings.prefix
        self._keys = api_keys(settings)

    def headers(self, user: str) -> Mapping[str, str]:
        """The key of a user."""
        return self._carrying(self._keys[user])

    def forged(self, kind: str, user: str | None) -> Mapping[str, str]:
        """A header with a forged key; for `none`, no header."""
        key = self.forge(kind, user)
        return self._carrying(key) if key else {}

    def forge(self, kind: str, user: str | None) -> str:
        """A key that nobody has; for `none`, an empty text.

        Raises:
            IdentityError: the kind is unknown, or no user is declared whose key could be changed.
        """
        if kind not in KINDS:
            raise unknown_kind(kind, KINDS, scheme="api-key")
        if kind != "wrong_key":
            return "" if kind == "none" else MALFORMED
        if user is None:
            raise needs_user(kind)
        return tampered(self._keys[user])

    def token(self, user: str, *, expires_in: float | None, claims: Mapping[str, Any]) -> NoReturn:
        """There are no tokens."""
        del expires_in, claims
        raise no_tokens("api-key", f"Use identities[{user!r}].api_key.")

    def reset(self) -> None:
        """Nothing belongs to a test."""

    def _carrying(self, key: str) -> dict[str, str]:
        return {self._header: f"{self._prefix}{key}"}
