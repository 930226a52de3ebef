"""Templates over a user and its tenant: `{user.<attribute>}` and `{tenant.<attribute>}`, of any shape."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from seatrial.config.api_keys import api_key_of
from seatrial.config.names import suggest
from seatrial.config.templates import Placeholder, UnbalancedBracesError, parse
from seatrial.errors import IdentityError

if TYPE_CHECKING:
    from seatrial.config.settings import IdentitySettings, User


def user_attributes(settings: IdentitySettings, user: User) -> dict[str, Any]:
    """Return what `{user.<attribute>}` can name; a declared `name` wins over the key of the user."""
    known = {"tenant": user.tenant, "role": user.role}
    if settings.scheme == "api-key":
        known["api_key"] = api_key_of(user)
    return {
        "name": user.name,
        **{key: value for key, value in known.items() if value is not None},
        **user.attributes,
    }


def tenant_attributes(settings: IdentitySettings, user: User) -> dict[str, Any]:
    """Return what `{tenant.<attribute>}` can name for this user, nothing when the user has no tenant."""
    if user.tenant is None:
        return {}
    return {"name": user.tenant, **settings.tenants[user.tenant]}


def expand(value: Any, settings: IdentitySettings, user: User, *, key: str) -> Any:
    """Return a value with this user's and its tenant's attributes put in.

    A template that is exactly one placeholder keeps the type of the value; elsewhere the value is
    written as text.

    Args:
        value: a text, or numbers, booleans, lists and tables with texts in them.
        settings: who is declared.
        user: whose attributes are put in.
        key: where the value stands; messages begin with it.

    Raises:
        IdentityError: a placeholder names an attribute that the user or the tenant does not have, or
            a value has no form in JSON.
    """
    scope = {"user": user_attributes(settings, user), "tenant": tenant_attributes(settings, user)}
    return _expand(value, scope, key=key, user=user)


def expand_text(value: Any, settings: IdentitySettings, user: User, *, key: str) -> str:
    """Return what `expand` gives as one text: numbers in digits, booleans as `true` and `false`.

    Raises:
        IdentityError: see `expand`; or the value is a list or a table.
    """
    expanded = expand(value, settings, user, key=key)
    if isinstance(expanded, (list, dict)):
        raise IdentityError(
            f"{key}: expected one text, found a {'list' if isinstance(expanded, list) else 'table'}.",
            code="identities.not-text",
            remedy="Use a text, a number or a boolean.",
        )
    return str(expanded).lower() if isinstance(expanded, bool) else str(expanded)


def check_roots(value: Any, *, key: str) -> None:
    """Refuse a template that can work for no user: with none declared, nothing is expanded.

    Raises:
        IdentityError: a brace is no placeholder, or a placeholder names neither user nor tenant.
    """
    if isinstance(value, str):
        for part in _parse(value, key=key):
            if isinstance(part, Placeholder):
                _split(part, key=key)
    elif isinstance(value, list):
        for position, item in enumerate(value):
            check_roots(item, key=f"{key}[{position}]")
    elif isinstance(value, dict):
        for name, item in value.items():
            check_roots(item, key=f"{key}.{name}")


def _expand(value: Any, scope: Mapping[str, Mapping[str, Any]], *, key: str, user: User) -> Any:
    if isinstance(value, str):
        parts = [
            _lookup(part, scope, key=key, user=user) if isinstance(part, Placeholder) else part
            for part in _parse(value, key=key)
        ]
        return parts[0] if len(parts) == 1 else "".join(map(str, parts))
    if isinstance(value, list):
        return [
            _expand(item, scope, key=f"{key}[{position}]", user=user) for position, item in enumerate(value)
        ]
    if isinstance(value, dict):
        return {name: _expand(item, scope, key=f"{key}.{name}", user=user) for name, item in value.items()}
    return _json_value(value, key=key)


def _parse(text: str, *, key: str) -> list[str | Placeholder]:
    try:
        return parse(text)
    except UnbalancedBracesError as error:
        raise IdentityError(
            f"{key}: {error} is no placeholder.",
            code="identities.braces",
            remedy="Write {user.<attribute>} or {tenant.<attribute>}; double a brace that is meant "
            "literally: {{ and }}.",
        ) from error


def _split(placeholder: Placeholder, *, key: str) -> tuple[str, list[str]]:
    root, *path = placeholder.name.split(".")
    if root not in ("user", "tenant") or not path:
        raise IdentityError(
            f"{key}: {{{placeholder.name}}} is no attribute of a user or a tenant.",
            code="identities.placeholder",
            remedy="Use {user.<attribute>} or {tenant.<attribute>}.",
        )
    return root, path


def _lookup(placeholder: Placeholder, scope: Mapping[str, Mapping[str, Any]], *, key: str, user: User) -> Any:
    root, path = _split(placeholder, key=key)
    if root == "tenant" and not scope["tenant"]:
        raise IdentityError(
            f"{key}: {{{placeholder.name}}} needs a tenant, and user {user.name!r} has none.",
            code="identities.no-tenant",
            remedy=f"Give user {user.name!r} a tenant, or take the value from an attribute of the user.",
        )
    value: Any = scope[root]
    for step in path:
        if not isinstance(value, Mapping) or step not in value:
            owner = f"user {user.name!r}" if root == "user" else f"tenant {user.tenant!r}"
            valid = value if isinstance(value, Mapping) else ()
            raise IdentityError(
                f"{key}: {{{placeholder.name}}} names {step!r}, which {owner} does not have.",
                code="identities.unknown-attribute",
                remedy=f"{suggest(step, valid, none='it has no attributes')} Correct the name or "
                f"add the attribute to {owner}.",
            )
        value = value[step]
    return _json_value(value, key=key)


def _json_value(value: Any, *, key: str) -> Any:
    if isinstance(value, list):
        return [_json_value(item, key=key) for item in value]
    if isinstance(value, Mapping):
        return {name: _json_value(item, key=key) for name, item in value.items()}
    finite = not isinstance(value, float) or math.isfinite(value)
    if isinstance(value, (str, int, float)) and finite:
        return value
    raise IdentityError(
        f"{key}: a value of type {type(value).__name__} has no form in JSON.",
        code="identities.not-json",
        remedy="Use text, numbers, booleans, lists or tables; write dates in quotes.",
    )
