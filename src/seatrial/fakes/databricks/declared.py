"""The people that the settings declare, and what the application's environment may hold of them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from seatrial.errors import FakeError
from seatrial.fakes.databricks.people.person import Person, application_id

if TYPE_CHECKING:
    from collections.abc import Mapping

_OF_A_USER = {"email": str, "display_name": str, "groups": list, "admin": bool, "token": str}
_OF_A_PRINCIPAL = {"client_id": str, "client_secret": str, "display_name": str, "groups": list, "admin": bool}
DEFAULT_USERS: dict[str, Any] = {"me": {"email": "me@example.com", "admin": True}}
"""Where nobody is declared, somebody has to be able to sign in."""


def users(fake: str, table: Mapping[str, Any]) -> dict[str, Person]:
    """The declared users by their labels.

    Raises:
        FakeError: a key is unknown or of another type.
    """
    found = {}
    for label, keys in table.items():
        given = _checked(fake, "users", label, keys, _OF_A_USER)
        name = given.get("email") or f"{label}@example.com"
        found[label] = Person(
            label=label,
            name=name,
            kind="user",
            display_name=given.get("display_name") or label,
            groups=tuple(given.get("groups", ())),
            admin=given.get("admin", False),
        )
    return found


def principals(fake: str, table: Mapping[str, Any]) -> dict[str, Person]:
    """The declared service principals by their labels.

    Raises:
        FakeError: a key is unknown or of another type.
    """
    found = {}
    for label, keys in table.items():
        given = _checked(fake, "service_principals", label, keys, _OF_A_PRINCIPAL)
        found[label] = Person(
            label=label,
            name=given.get("client_id") or application_id(label),
            kind="service_principal",
            display_name=given.get("display_name") or label,
            groups=tuple(given.get("groups", ())),
            admin=given.get("admin", False),
        )
    return found


def secret(key: bytes, label: str, *, prefix: str) -> str:
    """A credential of this run that the same label always gets."""
    return prefix + hashlib.blake2s(label.encode(), key=key, digest_size=16).hexdigest()


def _checked(fake: str, table: str, label: str, keys: Any, known: Mapping[str, type]) -> Mapping[str, Any]:
    given = keys if isinstance(keys, dict) else {"": keys}
    wrong = [key for key, value in given.items() if key not in known or not isinstance(value, known[key])]
    if wrong:
        expected = ", ".join(f"{key} ({kind.__name__})" for key, kind in known.items())
        raise FakeError(
            f"The fake {fake!r} expects in {table}.{label} a table with the keys {expected}; "
            f"{wrong[0] or 'what is there'!r} is another, or of another type.",
            code="fakes.options",
            remedy="Correct its table in [tool.seatrial.fakes].",
        )
    return given
