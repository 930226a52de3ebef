"""Read `[tool.seatrial.identities]`: the scheme, tenants, users, and the credentials made of them."""

from __future__ import annotations

from dataclasses import fields

from seatrial.config.load_login import load_login
from seatrial.config.load_schemes import (
    OF_SCHEME,
    check_api_keys,
    check_users,
    load_algorithm,
    load_header,
    load_headers,
    load_prefix,
    refuse_keys_of_other_schemes,
)
from seatrial.config.names import suggest
from seatrial.config.settings import IdentitySettings, User
from seatrial.config.table import REFERENCE, Table
from seatrial.errors import IdentityError

SCHEMES = tuple(OF_SCHEME)


def load_identities(table: Table | None) -> IdentitySettings:
    """Return who may call, with every template checked against every user."""
    if table is None:
        return IdentitySettings()
    table.only(*(field.name for field in fields(IdentitySettings)))
    scheme = _scheme(table)
    refuse_keys_of_other_schemes(table, scheme)
    tenants = {name: tenant.free() for name, tenant in table.tables("tenants").items()}
    settings = IdentitySettings(
        scheme=scheme,
        algorithm=load_algorithm(table, scheme),
        audience=table.text("audience"),
        issuer=table.text("issuer"),
        claims=table.free("claims"),
        headers=load_headers(table, scheme),
        header=load_header(table),
        prefix=load_prefix(table),
        login=load_login(table, scheme),
        tenants=tenants,
        users={name: _user(name, user, tenants) for name, user in table.tables("users").items()},
    )
    try:
        check_users(settings)
        check_api_keys(table, settings)
    except IdentityError as error:
        path, _, problem = error.message.partition(": ")
        key = path.removeprefix("identities.")
        raise table.error(key, problem, code=error.code, remedy=error.remedy) from error
    return settings


def _scheme(table: Table) -> str:
    scheme = table.text("scheme") or "jwt"
    if scheme not in SCHEMES and not REFERENCE.fullmatch(scheme):
        raise table.error(
            "scheme",
            f"expected one of {', '.join(SCHEMES)} or module:function; found {scheme!r}.",
            code="settings.bad-value",
            remedy=suggest(scheme, SCHEMES),
        )
    return scheme


def _user(name: str, table: Table, tenants: dict[str, dict[str, object]]) -> User:
    attributes = table.free()
    attributes.pop("tenant", None)
    attributes.pop("role", None)
    tenant = table.text("tenant")
    if tenant is not None and tenant not in tenants:
        raise table.error(
            "tenant",
            f"no tenant {tenant!r} is declared.",
            code="settings.unknown-tenant",
            remedy=f"{suggest(tenant, tenants)} Declare it in the table tenants.",
        )
    return User(name=name, tenant=tenant, role=table.text("role"), attributes=attributes)
