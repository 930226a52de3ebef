"""From what somebody wrote to a complete target, with every place it could lead to."""

from __future__ import annotations

import ipaddress
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seatrial.postgres.choice import libpq_files
from seatrial.postgres.choice.conninfo import LOOKS_LIKE_ONE, read_conninfo
from seatrial.postgres.choice.refusal import ENGINE, HOST, Refusal
from seatrial.postgres.choice.target import EXPLICIT, Source, Target
from seatrial.postgres.choice.uri import SCHEME, Given, read_uri, refuse

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCEPTED = (
    "Give postgresql://user:password@host:port/database (postgres:// and postgresql+driver:// are the same), "
    "or a libpq connection string such as host=localhost dbname=app."
)
NAMES_A_TARGET = ("PGHOST", "PGHOSTADDR", "PGSERVICE", "PGDATABASE")
_VARIABLES = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "dbname": "PGDATABASE",
    "user": "PGUSER",
}
_CREDENTIALS = {
    "password": "PGPASSWORD",
    "options": "PGOPTIONS",
    "sslmode": "PGSSLMODE",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslrootcert": "PGSSLROOTCERT",
    "channel_binding": "PGCHANNELBINDING",
}
_EXTRAS = frozenset(_CREDENTIALS) - {"password"} | {"sslpassword", "sslcrl", "sslnegotiation"}
_SOCKET_FOLDERS = ("/var/run/postgresql", "/run/postgresql", "/tmp")  # noqa: S108 -- where servers put theirs
_HIGHEST_PORT = 65535


@dataclass(frozen=True)
class Reading:
    """A target, and every host and address that was mentioned on the way to it."""

    target: Target
    places: tuple[str, ...]
    single: bool
    """Whether it names one server, rather than a list to try."""


def read_target(text: str, environ: Mapping[str, str], *, source: Source) -> Reading:
    """Read a URL (a connection string too, where the source is explicit) and complete it as libpq would.

    Raises:
        Refusal: it is no PostgreSQL target, or drivers would differ on where it leads.
    """
    text = text.strip()
    if SCHEME.match(text):
        given = read_uri(text)
    elif source in EXPLICIT and LOOKS_LIKE_ONE.match(text):
        given = read_conninfo(text)
    else:
        scheme, separator, _ = text.partition("://")
        kind = f"a {scheme} URL" if separator and scheme.isalnum() else "something else"
        raise Refusal(ENGINE, f"{kind}, not a PostgreSQL address", remedy=ACCEPTED)
    return complete(given, environ, source=source)


def complete(given: Given, environ: Mapping[str, str], *, source: Source) -> Reading:
    """Fill in what libpq would: from a service, from PG* variables, from its defaults.

    Raises:
        Refusal: a part that is filled in makes no sense, or where it leads is unknown.
    """
    values = {key: value for key, value in given.values.items() if value}
    names_a_server = values.keys() & {"host", "hostaddr", "service"}
    service = values.get("service") or environ.get("PGSERVICE")
    if service:
        found = libpq_files.read_service(service, environ, servicefile=values.get("servicefile", ""))
        values = found | values
    # A password in the shell belongs to the server in the shell, not to another one that a URL names.
    variables = _VARIABLES | ({} if names_a_server else _CREDENTIALS)
    values = {key: environ[name] for key, name in variables.items() if environ.get(name)} | values
    places = (*given.places, *_listed(values, "host"), *_listed(values, "hostaddr"))
    _demand_one_meaning(values)
    single = all(len(values.get(key, "").split(",")) == 1 for key in ("host", "hostaddr", "port"))
    target = _build(values, environ, source=source) if single else _first(values, source=source)
    return Reading(target, tuple(dict.fromkeys(places)), single)


def _listed(values: Mapping[str, str], key: str) -> list[str]:
    return [part for part in values.get(key, "").split(",") if part]


def _demand_one_meaning(values: Mapping[str, str]) -> None:
    """A database name that is itself an address is expanded by some programs, and so leads elsewhere."""
    name = values.get("dbname", "")
    if "=" in name or "://" in name:
        raise refuse("a database name that some programs read as an address of its own")
    if any("\x00" in value for value in values.values()):
        raise refuse("an address with a null character in it")


def _first(values: Mapping[str, str], *, source: Source) -> Target:
    """A stand-in for a list of servers: such a target is refused, this one only serves the message."""
    host = values.get("host", "").split(",")[0] or values.get("hostaddr", "").split(",")[0]
    return Target(source=source, host=host, port=0, database="", user="")


def _build(values: Mapping[str, str], environ: Mapping[str, str], *, source: Source) -> Target:
    port = values.get("port", "5432")
    if not (port.isascii() and port.isdigit() and 0 < int(port) <= _HIGHEST_PORT):
        raise refuse("an address with a port that is no port number")
    hostaddr = values.get("hostaddr")
    if hostaddr and not _is_address(hostaddr):
        raise refuse("a hostaddr that is no IP address")
    host = values.get("host") or hostaddr or _default_host(int(port))
    user = values.get("user") or libpq_files.account_name()
    if user is None:
        raise Refusal(HOST, "no user, and this process has no account to name one", remedy="Name the user.")
    database = values.get("dbname") or user
    password = values.get("password") or libpq_files.stored_password(
        _password_file(values, environ), host=host, port=int(port), database=database, user=user
    )
    return Target(
        source=source,
        host=host,
        port=int(port),
        database=database,
        user=user,
        password=password,
        hostaddr=hostaddr,
        extras=tuple((key, values[key]) for key in sorted(_EXTRAS & values.keys())),
    )


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _password_file(values: Mapping[str, str], environ: Mapping[str, str]) -> Path | None:
    named = values.get("passfile") or environ.get("PGPASSFILE")
    folder = libpq_files.home(environ)
    return Path(named) if named else folder / ".pgpass" if folder else None


def _default_host(port: int) -> str:
    """The socket of a local server where there is one: the folder depends on how each libpq was built."""
    for folder in _SOCKET_FOLDERS:
        path = f"{folder}/.s.PGSQL.{port}"
        if os.path.exists(path) and stat.S_ISSOCK(os.stat(path).st_mode):  # noqa: PTH110, PTH116 -- plain text
            return folder
    return "localhost"
