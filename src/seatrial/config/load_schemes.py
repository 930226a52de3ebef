"""Read what each scheme of `[tool.seatrial.identities]` has of its own, and prove it for every user."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from seatrial.config.api_keys import api_keys
from seatrial.config.claims import expand_claims
from seatrial.config.credentials import HEADER_NAME, check_header_value, expand_headers, expand_login
from seatrial.config.expanding import check_roots
from seatrial.config.settings import Algorithm, IdentitySettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seatrial.config.table import Table

EVERY_SCHEME = ("scheme", "tenants", "users")
OF_SCHEME: Mapping[str, tuple[str, ...]] = {
    "jwt": ("algorithm", "audience", "issuer", "claims"),
    "oidc": ("algorithm", "audience", "claims"),
    "header": ("headers",),
    "api-key": ("header", "prefix"),
    "session": ("login",),
}


def refuse_keys_of_other_schemes(table: Table, scheme: str) -> None:
    """A key that would silently mean nothing must not be there.

    Raises:
        SettingsError: names the key, and those that this scheme has.
    """
    own = OF_SCHEME.get(scheme, ())
    for key in table:
        if key not in (*EVERY_SCHEME, *own):
            raise table.error(
                key,
                f"this key means nothing to scheme = {scheme!r}.",
                code="settings.not-for-scheme",
                remedy=f"Remove it. This scheme has: {', '.join((*EVERY_SCHEME, *own))}.",
            )


def load_algorithm(table: Table, scheme: str) -> Algorithm:
    """Return what signs the tokens; an issuer publishes its keys, so it has RS256 only."""
    usual: Algorithm = "RS256" if scheme == "oidc" else "HS256"
    algorithm: Algorithm = table.choice("algorithm", get_args(Algorithm), default=usual)
    if scheme == "oidc" and algorithm != "RS256":
        raise table.error(
            "algorithm",
            f"the local issuer signs with RS256, not with {algorithm}.",
            code="settings.bad-value",
            remedy='Remove the key, or use scheme = "jwt".',
        )
    return algorithm


def load_headers(table: Table, scheme: str) -> dict[str, Any]:
    """Return the templates of the headers; the scheme `header` needs at least one."""
    headers = table.free("headers")
    if scheme == "header" and not headers:
        raise table.error(
            "headers",
            'scheme = "header" needs at least one header.',
            code="settings.missing-key",
            remedy='Write headers = { X-User-Id = "{user.<attribute>}" }.',
        )
    for name in headers:
        check_header_name(table, f"headers.{name}", name)
    return headers


def load_header(table: Table) -> str:
    """Return the name of the header that carries the API key."""
    name = table.text("header") or IdentitySettings.header
    check_header_name(table, "header", name)
    return name


def load_prefix(table: Table) -> str:
    """Return what stands before the API key in its header."""
    prefix = table.text("prefix") or ""
    if not all(" " <= letter <= "~" for letter in prefix):
        raise table.error(
            "prefix",
            "what stands in a header is printable ASCII.",
            code="settings.bad-value",
            remedy='Correct it, such as prefix = "ApiKey ".',
        )
    return prefix


def check_users(settings: IdentitySettings) -> None:
    """Refuse templates and keys that do not serve every declared user.

    Raises:
        IdentityError: see `expand`; or a value cannot stand in a header. The message begins with the key.
    """
    for user in settings.users.values():
        expand_claims(settings, user)
        expand_headers(settings, user)
        if settings.login is not None:
            expand_login(settings, settings.login, user)
    templates: dict[str, Any] = {"claims": settings.claims, "headers": settings.headers}
    if settings.login is not None:
        login = settings.login
        templates["login"] = {"path": login.path, "json": login.json, "form": login.form}
    for name, value in templates.items():
        check_roots(value, key=f"identities.{name}")


def check_api_keys(table: Table, settings: IdentitySettings) -> None:
    """Refuse API keys that no request can carry, and one key for two users.

    Raises:
        SettingsError: names the user or both; never the key.
        IdentityError: the key of a user cannot stand in a header.
    """
    owners: dict[str, str] = {}
    for name, key in api_keys(settings).items():
        place = f"users.{name}.api_key"
        declared = settings.users[name].attributes.get("api_key")
        if declared is not None and not isinstance(declared, str):
            raise table.wrong_type(place, "a string", declared)
        check_header_value(key, key=f"identities.{place}", user=settings.users[name])
        if key in owners:
            raise table.error(
                place,
                f"users {owners[key]!r} and {name!r} have the same key.",
                code="settings.same-api-key",
                remedy="Give each a key of its own, or leave api_key out.",
            )
        owners[key] = name


def check_header_name(table: Table, key: str, name: str) -> None:
    """Refuse what cannot be the name of a header.

    Raises:
        SettingsError: names the key.
    """
    if not HEADER_NAME.fullmatch(name):
        raise table.error(
            key,
            f"{name!r} cannot be the name of a header.",
            code="settings.bad-value",
            remedy="Use letters, digits and dashes.",
        )
