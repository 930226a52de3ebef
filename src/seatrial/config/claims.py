"""The claims of a user's token: the team's template with that user's and tenant's attributes put in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from seatrial.config.names import suggest
from seatrial.config.templates import Placeholder, UnbalancedBracesError, parse
from seatrial.errors import IdentityError

if TYPE_CHECKING:
    from seatrial.config.settings import IdentitySettings, User


def user_attributes(user: User) -> dict[str, Any]:
    """Return what `{user.<attribute>}` can name; a declared `name` wins over the key of the user."""
    known = {"tenant": user.tenant, "role": user.role}
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


def expand_claims(settings: IdentitySettings, user: User) -> dict[str, Any]:
    """Return the claims of one user, without `iat` and `exp`.

    A template that is exactly one placeholder keeps the type of the value; elsewhere the value is
    written as text. Audience and issuer are added unless the templates give them.

    Raises:
        IdentityError: a placeholder names an attribute that the user or the tenant does not have, or
            a value cannot be part of a token. The message begins with the key.
    """
    scope = {"user": user_attributes(user), "tenant": tenant_attributes(settings, user)}
    claims = {
        name: _expand(value, scope, key=f"identities.claims.{name}", user=user)
        for name, value in settings.claims.items()
    }
    if settings.audience is not None:
        claims.setdefault("aud", settings.audience)
    if settings.issuer is not None:
        claims.setdefault("iss", settings.issuer)
    return claims


def check_templates(settings: IdentitySettings) -> None:
    """Refuse claims that cannot be expanded for every declared user.

    Raises:
        IdentityError: see `expand_claims`.
    """
    for user in settings.users.values():
        expand_claims(settings, user)
    for name, value in settings.claims.items():
        _check_roots(value, key=f"identities.claims.{name}")


def _check_roots(value: Any, *, key: str) -> None:
    # With no user declared nothing is expanded, yet a template that can never work must not pass.
    if isinstance(value, str):
        for part in _parse(value, key=key):
            if isinstance(part, Placeholder):
                _split(part, key=key)
    elif isinstance(value, list):
        for position, item in enumerate(value):
            _check_roots(item, key=f"{key}[{position}]")
    elif isinstance(value, dict):
        for name, item in value.items():
            _check_roots(item, key=f"{key}.{name}")


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
            f"{key}: {{{placeholder.name}}} is not a value a claim can have.",
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
            remedy=f"Give user {user.name!r} a tenant, or take the claim from an attribute of the user.",
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
        f"{key}: a value of type {type(value).__name__} cannot be written to a token.",
        code="identities.not-json",
        remedy="Use text, numbers, booleans, lists or tables; write dates in quotes.",
    )
