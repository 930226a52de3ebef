"""The claims of a user's token: the team's template with that user's and tenant's attributes put in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seatrial.config.expanding import expand

if TYPE_CHECKING:
    from seatrial.config.settings import IdentitySettings, User


def expand_claims(settings: IdentitySettings, user: User) -> dict[str, Any]:
    """Return the claims of one user, without `iat` and `exp`.

    Audience and issuer are added unless the templates give them.

    Raises:
        IdentityError: see `expand`. The message begins with the key.
    """
    claims = {
        name: expand(value, settings, user, key=f"identities.claims.{name}")
        for name, value in settings.claims.items()
    }
    if settings.audience is not None:
        claims.setdefault("aud", settings.audience)
    if settings.issuer is not None:
        claims.setdefault("iss", settings.issuer)
    return claims
