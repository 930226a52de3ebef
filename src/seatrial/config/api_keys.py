"""The API key of each user: declared, or made of its name."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seatrial.config.settings import IdentitySettings, User


def api_key_of(user: User) -> str:
    """Return the key of one user: its attribute `api_key`, or one made of its name.

    What is made is the same in every run and on every machine: a template that holds it is kept between
    runs. It protects nothing but a database made for tests.
    """
    declared = user.attributes.get("api_key")
    if declared is not None:
        return str(declared)
    return f"seatrial_{hashlib.sha256(f'api key of {user.name}'.encode()).hexdigest()[:40]}"


def api_keys(settings: IdentitySettings) -> dict[str, str]:
    """Return the key of every user by name; nothing where the scheme is another one."""
    if settings.scheme != "api-key":
        return {}
    return {name: api_key_of(user) for name, user in settings.users.items()}
