"""The people that the settings declare, and what the application's environment may hold of them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from seatrial.errors import FakeError
from seatrial.fakes.databricks.people.person import Kind, Person, application_id

if TYPE_CHECKING:
    from collections.abc import Mapping

_OF_ALL: dict[str, type] = {"display_name": str, "groups": list, "admin": bool}
_KEYS: dict[Kind, dict[str, type]] = {
    "user": {"email": str, "token": str, **_OF_ALL},
    "service_principal": {"client_id": str, "client_secret": str, **_OF_ALL},
}
DEFAULT_USERS: dict[str, Any] = {"me": {"email": "me@example.com", "admin": True}}
"""Where nobody is declared, somebody has to be able to sign in."""


def people(fake: str, table: Mapping[str, Any], *, kind: Kind) -> dict[str, Person]:
    """The declared users or service principals by their labels.

    Raises:
        FakeError: a key is unknown or of another type.
    """
    found = {}
    for label, keys in table.items():
        given = _checked(fake, f"{kind}s", label, keys, _KEYS[kind])
        found[label] = Person(
            label=label,
            name=_name(label, given, kind),
            kind=kind,
            display_name=given.get("display_name") or label,
            groups=tuple(given.get("groups", ())),
            admin=given.get("admin", False),
        )
    return found


def _name(label: str, given: Mapping[str, Any], kind: Kind) -> str:
    if kind == "user":
        return given.get("email") or f"{label}@example.com"
    return given.get("client_id") or application_id(label)


def boolean(fake: str, option: str, given: Any) -> bool:
    """An option that is true or false.

    Raises:
        FakeError: it is something else.
    """
    if isinstance(given, bool):
        return given
    raise FakeError(
        f"The fake {fake!r} expects {option} as true or false, found {given!r}.",
        code="fakes.options",
        remedy=f"Write {option} = true.",
    )


def number(fake: str, option: str, given: Any) -> int:
    """An option that is a number above 0.

    Raises:
        FakeError: it is something else.
    """
    if isinstance(given, int) and not isinstance(given, bool) and given > 0:
        return given
    raise FakeError(
        f"The fake {fake!r} expects {option} as a number above 0, found {given!r}.",
        code="fakes.options",
        remedy="Write the number as it stands in the URL of a workspace, after ?o=; or leave it out.",
    )


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
