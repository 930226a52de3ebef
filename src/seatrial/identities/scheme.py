"""What every way to authenticate can do, and how it says that it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from seatrial.config.names import suggest
from seatrial.errors import IdentityError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Scheme(Protocol):
    """Makes the credentials of declared users, good and forged."""

    def headers(self, user: str) -> Mapping[str, str]:
        """The headers of one request of a declared user."""

    def forged(self, kind: str, user: str | None) -> Mapping[str, str]:
        """The headers of one request that the application must refuse; without a user if none is declared."""

    def forge(self, kind: str, user: str | None) -> str:
        """The forged credential itself, where it is one text."""

    def token(self, user: str, *, expires_in: float | None, claims: Mapping[str, Any]) -> str:
        """A token, where the scheme has any."""

    def reset(self) -> None:
        """Forget what belongs to the test before."""


def unknown_kind(kind: str, kinds: Iterable[str], *, scheme: str) -> IdentityError:
    """Return the error for a kind of forgery that a scheme does not have."""
    return IdentityError(
        f"A credential of the kind {kind!r} cannot be forged under scheme = {scheme!r}.",
        code="identities.unknown-kind",
        remedy=suggest(kind, kinds),
    )


def needs_user(kind: str) -> IdentityError:
    """Return the error for a forgery that begins with a good credential, where nobody is declared."""
    return IdentityError(
        f"A credential of the kind {kind!r} is made from that of a user, and none is declared.",
        code="identities.unknown-user",
        remedy="Declare one in the table identities.users.",
    )


def no_tokens(scheme: str, instead: str) -> IdentityError:
    """Return the error for asking a scheme without tokens for one."""
    return IdentityError(
        f"There are no tokens under scheme = {scheme!r}.", code="identities.no-tokens", remedy=instead
    )


def no_single_text(kind: str, *, scheme: str, why: str) -> IdentityError:
    """Return the error for asking a scheme for one forged text where its credentials are none."""
    return IdentityError(
        f"{why}: forge({kind!r}) has no meaning under scheme = {scheme!r}.",
        code="identities.no-single-text",
        remedy=f"Use identities.forged({kind!r}), which is an identity.",
    )


def tampered(text: str) -> str:
    """Return a credential that differs from a good one in one letter or digit, and in nothing else.

    The last characters of base64 may hold bits that nobody reads: it is an earlier one.
    """
    position = max(len(text) - 5, 0)
    while position and not text[position].isalnum():
        position -= 1
    other = "1" if text[position : position + 1] == "0" else "0"
    return text[:position] + other + text[position + 1 :]
