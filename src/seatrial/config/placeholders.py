"""Put addresses and secrets into the values of `[tool.seatrial.env]`."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from seatrial.config.address import DatabaseAddress, check_style
from seatrial.config.api_keys import api_keys
from seatrial.config.fake_parts import workspace_parts
from seatrial.config.names import suggest
from seatrial.config.templates import Placeholder, UnbalancedBracesError, parse
from seatrial.errors import SeatrialError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from seatrial.config.settings import DatabaseSettings, IdentitySettings, Settings

_PARTS: dict[str, Callable[[DatabaseAddress], str]] = {
    "url": lambda address: address.url(),
    "host": lambda address: address.host,
    "port": lambda address: str(address.port),
    "user": lambda address: address.user,
    "password": lambda address: address.password,
    "name": lambda address: address.name,
}

ISSUER_PARTS = ("issuer", "jwks_url", "client_id", "client_secret")
"""What the scheme `oidc` has beyond a fixed audience."""

_PARTS_OF_A_FILE = ("url", "name")
"""SQLite has no host, port, user or password."""

_PARTS_OF_A_FAKE = ("url", "host", "port")
_PARTS_OF_A_SERVICE = ("address", "host", "port")


@dataclass(frozen=True, kw_only=True)
class PlaceholderValues:
    """Where the values come from. Each function is called only when a placeholder needs it.

    Attributes:
        database: the address of `[tool.seatrial.database]`.
        databases: the addresses of the further databases, by name.
        secret: the shared secret of the tokens.
        public_key: the public key of the tokens, PEM.
        issuer: what the local OIDC issuer tells about itself, each by its name in `ISSUER_PARTS`.
        fakes: a part of a declared fake: of its name, and one of `url` (without a slash at the end), `host`,
            `port` and `address`, or what fakes of its kind have besides; of no name, `ca_file`.
    """

    database: Callable[[], DatabaseAddress] | None = None
    databases: Mapping[str, Callable[[], DatabaseAddress]] = field(default_factory=dict)
    secret: Callable[[], str] | None = None
    public_key: Callable[[], str] | None = None
    issuer: Mapping[str, Callable[[], str]] = field(default_factory=dict)
    fakes: Callable[[str, str], str] | None = None


def render_env(settings: Settings, values: PlaceholderValues) -> dict[str, str]:
    """Return the environment the application starts with.

    Raises:
        SettingsError: a placeholder is unknown, has no value in this run, or braces are not balanced.
    """
    return {
        name: "".join(
            _value(settings, values, variable=name, placeholder=part)
            if isinstance(part, Placeholder)
            else part
            for part in _parse(settings, name)
        )
        for name in settings.env
    }


def check_env(settings: Settings) -> None:
    """Refuse placeholders that no run can fill, before anything starts.

    Raises:
        SettingsError: see `render_env`.
    """
    valid = _valid_names(settings)
    for variable in settings.env:
        for part in _parse(settings, variable):
            if isinstance(part, Placeholder):
                _check_name(settings, valid, variable=variable, placeholder=part)


def _parse(settings: Settings, variable: str) -> list[str | Placeholder]:
    try:
        return parse(settings.env[variable])
    except UnbalancedBracesError as error:
        # The text between braces is not shown: it may be a secret somebody wrote into the file.
        raise _error(
            settings,
            variable,
            "a brace that is no placeholder.",
            code="settings.braces",
            remedy="Double every brace that is meant literally: {{ and }}. JSON becomes '{{\"a\": 1}}'.",
        ) from error


def _valid_names(settings: Settings) -> list[str]:
    parts = _parts_of("database", settings.database) if settings.database is not None else []
    for name, database in settings.databases.items():
        parts += _parts_of(f"databases.{name}", database)
    parts += [f"identities.{part}" for part in _identity_parts(settings.identities)]
    parts += ["fakes.ca_file"] if settings.fakes else []
    return parts + [
        f"fakes.{name}.{part}" for name in settings.fakes for part in _parts_of_fake(settings, name)
    ]


def _parts_of_fake(settings: Settings, name: str) -> tuple[str, ...]:
    table = settings.fakes[name]
    kind = table.get("kind", name)
    if kind == "databricks":
        return (*_PARTS_OF_A_FAKE, *workspace_parts(table))
    return _PARTS_OF_A_SERVICE if kind == "tcp" else _PARTS_OF_A_FAKE


def _identity_parts(identities: IdentitySettings) -> list[str]:
    parts = [f"api_keys.{name}" for name in api_keys(identities)]
    if identities.scheme == "oidc":
        parts += ISSUER_PARTS
    if identities.scheme == "jwt":
        parts.append("secret" if identities.algorithm == "HS256" else "public_key")
    parts += ["audience"] if identities.audience is not None else []
    return parts + (["issuer"] if identities.issuer is not None else [])


def _parts_of(name: str, database: DatabaseSettings) -> list[str]:
    parts = _PARTS_OF_A_FILE if database.engine == "sqlite" else tuple(_PARTS)
    return [f"{name}.{part}" for part in parts]


def _check_name(settings: Settings, valid: list[str], *, variable: str, placeholder: Placeholder) -> None:
    name, colon, style = placeholder.name.partition(":")
    if name not in valid:
        database = _database_of(settings, name)
        if database is not None and database.engine == "sqlite" and name.rpartition(".")[2] in _PARTS:
            raise _error(
                settings,
                variable,
                f"{{{placeholder.name}}} has no value on SQLite: its database is a file.",
                code="settings.placeholder",
                remedy=f"Use {{{name.rpartition('.')[0]}.url}} or .name (the file), or run on PostgreSQL.",
            )
        raise _error(
            settings,
            variable,
            f"{{{placeholder.name}}} is unknown or needs a table that is not declared.",
            code="settings.placeholder",
            remedy=f"{suggest(name, valid)} A brace that is meant is doubled: {{{{ or }}}}.".lstrip(),
        )
    if not colon:
        return
    database = _database_of(settings, name)
    if database is None or not name.endswith(".url"):
        raise _error(
            settings,
            variable,
            f"{{{placeholder.name}}}: only the url of a database has a style after a colon.",
            code="settings.placeholder",
            remedy=f"Write {{{name}}}.",
        )
    try:
        check_style(style, engine=database.engine)
    except SettingsError as error:
        raise _error(settings, variable, error.message, code=error.code, remedy=error.remedy) from error


def _database_of(settings: Settings, name: str) -> DatabaseSettings | None:
    root, _, rest = name.partition(".")
    if root == "database":
        return settings.database
    return settings.databases.get(rest.rpartition(".")[0]) if root == "databases" else None


def _value(settings: Settings, values: PlaceholderValues, *, variable: str, placeholder: Placeholder) -> str:
    _check_name(settings, _valid_names(settings), variable=variable, placeholder=placeholder)
    name, _, style = placeholder.name.partition(":")
    root, _, rest = name.partition(".")
    owner, _, part = rest.rpartition(".")
    known: dict[str, Callable[[], str] | Callable[[], DatabaseAddress] | None] = {
        "database": values.database,
        "databases": values.databases.get(owner),
        "fakes": partial(values.fakes, *_of_a_fake(rest)) if values.fakes is not None else None,
    }
    source = known[root] if root in known else _identity_source(settings.identities, values, rest)
    if source is None:
        raise _error(
            settings,
            variable,
            f"{{{placeholder.name}}} has no value in this run.",
            code="settings.placeholder",
            remedy="Declare what it needs, or remove the placeholder.",
        )
    try:
        value = source()
        if isinstance(value, DatabaseAddress):
            return value.url(style) if style else _PARTS[part](value)
    except SettingsError as error:
        raise _error(settings, variable, error.message, code=error.code, remedy=error.remedy) from error
    return value


def _of_a_fake(rest: str) -> tuple[str, str]:
    """The name of a fake and what of it is meant; `ca_file` belongs to none."""
    name, dot, part = rest.partition(".")
    return (name, part) if dot else ("", name)


def _identity_source(
    identities: IdentitySettings, values: PlaceholderValues, part: str
) -> Callable[[], str] | None:
    group, _, user = part.partition(".")
    if user:
        key = api_keys(identities)[user]
        return lambda: key
    if group == "secret":
        return values.secret
    if group == "public_key":
        return values.public_key
    if identities.scheme == "oidc" and group in ISSUER_PARTS:
        return values.issuer.get(group)
    fixed = identities.audience if group == "audience" else identities.issuer
    return (lambda: fixed) if fixed is not None else None


def _error(settings: Settings, variable: str, problem: str, *, code: str, remedy: str) -> SeatrialError:
    key = settings.key("env", variable)
    return SettingsError(f"{key} in {settings.source}: {problem}", code=code, remedy=remedy)
