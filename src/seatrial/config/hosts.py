"""Find variables of an environment that lead to a data store on another machine. Nothing is resolved."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from seatrial.config.stores import (
    HOST_WORDS,
    HTTP_STORE_WORDS,
    NOT_HOSTS,
    PLACE_WORDS,
    SCHEMES,
    STORE_WORDS,
)
from seatrial.config.urls import UrlParts, host_of, split_url

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

_URL = re.compile(r"""(?:jdbc:)?[a-z][a-z0-9+.-]*://[^\s"'<>\\]*""", re.IGNORECASE)
_LIST_OF_URLS = re.compile(r"[,;\s|]+(?=(?:jdbc:)?[a-z][a-z0-9+.-]*://)", re.IGNORECASE)
_CONNECTION_STRING = re.compile(
    r"(?:^|[\s;])(?:host|hostaddr|server|data source|address|addr)\s*=\s*('[^']*'|[^\s;]*)", re.IGNORECASE
)
_CONNECTION_STRING_ALSO = re.compile(
    r"(?:^|[\s;])(?:dbname|database|initial catalog|user|uid|user id|password|pwd|port)\s*=", re.IGNORECASE
)
_JSON_HOST_KEYS = ("host", "hostname", "hostaddr", "server", "address")


@dataclass(frozen=True, kw_only=True)
class RemoteHost:
    """A variable that leads to another machine. Its value is never kept: it may hold a password."""

    variable: str
    host: str
    origin: str
    """Where the variable is set: `the environment`, or a file such as `.env`."""


def scan_remote_hosts(
    env: Mapping[str, str],
    *,
    allow: Collection[str] = (),
    ours: Collection[str] = (),
    origin: str = "the environment",
) -> list[RemoteHost]:
    """Return the variables whose data store is not on this machine, in order of name.

    Args:
        env: the environment as the application will see it.
        allow: hosts that may stay.
        ours: names of variables that are not looked at, because seatrial or the team's settings set them.
        origin: what to call the place of `env`.
    """
    allowed = {_plain(host) for host in allow}
    return [
        RemoteHost(variable=name, host=host, origin=origin)
        for name in sorted(env)
        if name not in ours
        for host in dict.fromkeys(_hosts(name, env[name]))
        if not is_local(host) and _plain(host) not in allowed
    ]


def is_local(host: str) -> bool:
    """Whether a host is this machine by its spelling alone: loopback, a socket, or nothing."""
    name = _plain(host)
    if name in ("", "localhost", "localhost.localdomain") or name.startswith(("/", "@")):
        return True
    if name.endswith(".localhost"):
        return True
    try:
        address = ip_address(name.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback or address.is_unspecified


def _plain(host: str) -> str:
    return host.strip().strip("[]").rstrip(".").lower()


def _hosts(name: str, value: str) -> Iterator[str]:
    value = value.strip().strip("\"'").strip()
    if not value:
        return
    words = _words(name)
    for url in _urls(value):
        base = url.scheme.partition("+")[0]
        if base in SCHEMES or (base in ("http", "https") and not HTTP_STORE_WORDS.isdisjoint(words)):
            yield from _url_hosts(url)
    if _CONNECTION_STRING_ALSO.search(value) and "://" not in value:
        for match in _CONNECTION_STRING.finditer(value):
            yield from _listed(match.group(1).strip("'"))
    if not STORE_WORDS.isdisjoint(words):
        yield from _json_hosts(value)
        if _names_a_host(words):
            yield from _bare_hosts(value)


def _urls(value: str) -> Iterator[UrlParts]:
    # A value that is nothing but URLs is split at its separators only: a password may hold quotes.
    pieces = _LIST_OF_URLS.split(value) if split_url(value) else _URL.findall(value)
    for piece in pieces:
        parts = split_url(piece)
        if parts is not None:
            yield parts


def _url_hosts(url: UrlParts) -> Iterator[str]:
    yield from url.hosts()
    for key, value in parse_qsl(url.query):
        if key.lower() in ("host", "hostaddr", "server"):
            yield from _listed(value)
    for parameter in url.path.split(";")[1:]:
        key, _, value = parameter.partition("=")
        if key.strip().lower() in ("servername", "server", "host"):
            yield from _listed(value)


def _words(name: str) -> list[str]:
    """Split `APP__DATABASE1_HOST` or `PGHOST` into its words, without the numbers at their ends."""
    words: list[str] = []
    for part in re.split(r"[\W_]+", name.lower()):
        word = part.rstrip("0123456789")
        for ending in ("hostaddr", "hostname", "host"):
            if word.endswith(ending) and word.removesuffix(ending) in STORE_WORDS:
                words += [word.removesuffix(ending), ending]
                break
        else:
            words += [word] if word else []
    return words


def _names_a_host(words: list[str]) -> bool:
    return not HOST_WORDS.isdisjoint(words) or words[-1] in PLACE_WORDS


def _bare_hosts(value: str) -> Iterator[str]:
    if "://" in value:
        for url in _urls(value):
            yield from url.hosts()
    elif not value.startswith(("{", "[{")):
        yield from _listed(re.sub(r"""[\[\]]\s*$|^\s*\[(?=["'\s])|["']""", "", value))


def _listed(value: str) -> Iterator[str]:
    for place in value.split(","):
        # "tcp:" and "np:" are how SQL Server names a protocol before the host.
        address = re.sub(r"^\s*(?:tcp|np|lpc|admin):", "", place, flags=re.IGNORECASE).strip()
        if not address.startswith(("/", "@")):
            # A user and password before the host, or a path behind it, must not become part of its name.
            address = address.rpartition("@")[2].partition("/")[0]
        host = host_of(address)
        if not host.isdecimal() and host.lower() not in NOT_HOSTS:
            yield host


def _json_hosts(value: str) -> Iterator[str]:
    if not value.startswith(("{", "[")):
        return
    try:
        document = json.loads(value)
    except ValueError:
        return
    pending = [document]
    while pending:
        item = pending.pop(0)
        if isinstance(item, list):
            pending += item
        elif isinstance(item, dict):
            pending += item.values()
            for key, inner in item.items():
                if key.lower() in _JSON_HOST_KEYS and isinstance(inner, str):
                    yield from _listed(inner)
