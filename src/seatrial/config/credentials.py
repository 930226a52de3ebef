"""What a user sends where no token is sent: headers of a trusted proxy, and the request of a login."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from seatrial.config.expanding import expand, expand_text
from seatrial.errors import IdentityError

if TYPE_CHECKING:
    from seatrial.config.settings import IdentitySettings, LoginSettings, User

HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e\t]*[\x21-\x7e])?")


@dataclass(frozen=True, kw_only=True)
class LoginRequest:
    """The body and the place of one user's login; at most one of the two bodies is there."""

    path: str = field(repr=False)
    json: dict[str, Any] = field(repr=False)
    form: dict[str, str] = field(repr=False)


def expand_headers(settings: IdentitySettings, user: User) -> dict[str, str]:
    """Return the headers of one user under the scheme `header`.

    Raises:
        IdentityError: see `expand_text`; or a value cannot be part of a header. The message begins with
            the key.
    """
    headers = {}
    for name, value in settings.headers.items():
        key = f"identities.headers.{name}"
        headers[name] = check_header_value(expand_text(value, settings, user, key=key), key=key, user=user)
    return headers


def expand_login(settings: IdentitySettings, login: LoginSettings, user: User) -> LoginRequest:
    """Return the login of one user.

    Raises:
        IdentityError: see `expand` and `expand_text`. The message begins with the key.
    """
    key = "identities.login"
    return LoginRequest(
        path=expand_text(login.path, settings, user, key=f"{key}.path"),
        json={
            name: expand(value, settings, user, key=f"{key}.json.{name}")
            for name, value in login.json.items()
        },
        form={
            name: expand_text(value, settings, user, key=f"{key}.form.{name}")
            for name, value in login.form.items()
        },
    )


def check_header_value(value: str, *, key: str, user: User) -> str:
    """Refuse what cannot stand in a header; the value itself is never shown.

    Raises:
        IdentityError: it is empty, or has characters that are not printable ASCII, or spaces around it.
    """
    if _HEADER_VALUE.fullmatch(value):
        return value
    raise IdentityError(
        f"{key}: the value for user {user.name!r} cannot stand in a header.",
        code="identities.header-value",
        remedy="Use printable ASCII characters, at least one, without spaces around them.",
    )
