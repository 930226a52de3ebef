"""A PostgreSQL URL as libpq reads it, refused where another driver would read it differently."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from seatrial.postgres.choice.refusal import ENGINE, Refusal

SCHEME = re.compile(r"(?:postgresql|postgres)(?:\+[a-z0-9_]+)?://", re.IGNORECASE)
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})|%00")
_PLACE = re.compile(r"(?:\[(?P<v6>[^\[\]]*)\]|(?P<name>[^\[\]:]*))(?::(?P<port>\d*))?")


@dataclass(frozen=True)
class Given:
    """What somebody wrote: libpq's keywords with their values, and every place that was mentioned."""

    values: dict[str, str]
    places: tuple[str, ...] = ()
    """Hosts and addresses, also those that a later one overrides: not every driver agrees on which wins."""


def refuse(why: str) -> Refusal:
    """A target that cannot be read for sure. Parts of it are not shown: they may be pieces of a password."""
    return Refusal(ENGINE, why, remedy="Percent-encode the special characters, or give the parts as PG*.")


def read_uri(text: str) -> Given:
    """Read `postgresql://user:password@host:port/database?key=value`.

    Raises:
        Refusal: what is written is no such URL, or drivers would differ on where it leads.
    """
    rest = text[SCHEME.match(text).end() :]  # type: ignore[union-attr]  # the caller has seen the scheme
    head, path, query = _split(rest)
    userinfo, at, hosts = head.rpartition("@")
    values: dict[str, str] = {}
    if at:
        user, colon, password = userinfo.partition(":")
        values |= {"user": _decode(user)} if user else {}
        values |= {"password": _decode(password)} if colon else {}
    if path:
        values["dbname"] = _decode(path)
    host, port = _read_hosts(hosts)
    values |= {"host": host} if host else {}
    values |= {"port": port} if port.strip(",") else {}
    return _with_query(Given(values, tuple(part for part in host.split(",") if part)), query)


def _split(rest: str) -> tuple[str, str, str]:
    """Authority, path and query; libpq and `urllib` place these borders differently in odd URLs."""
    if re.search(r"[\s\\#\x00-\x1f\x7f]", rest):
        raise refuse("an address with a space, a backslash, a # or a control character in it")
    before, _, query = rest.partition("?")
    head, _, path = before.partition("/")
    if head.count("@") > 1 or "@" in path or "/" in path:
        raise refuse("an address with more than one @ or / where only one can be meant")
    if "/" not in before and "@" in query:
        raise refuse("an address with an @ after its ?")
    return head, path, query


def _decode(text: str) -> str:
    if _BAD_ESCAPE.search(text):
        raise refuse("an address with a % that begins no character code")
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise refuse("an address with a percent-encoding that is not UTF-8") from None


def _read_hosts(text: str) -> tuple[str, str]:
    """The host list and the port list, comma-separated as libpq keeps them."""
    hosts, ports = [], []
    for part in text.split(","):
        match = _PLACE.fullmatch(part)
        if match is None:
            raise refuse("an address whose host and port cannot be told apart")
        hosts.append(_decode(match["v6"] if match["v6"] is not None else match["name"]))
        ports.append(match["port"] or "")
    return ",".join(hosts), ",".join(ports)


def _with_query(given: Given, query: str) -> Given:
    """Parameters override the parts before the `?`; those that only a driver knows are left to it."""
    values, places = dict(given.values), list(given.places)
    seen: set[str] = set()
    for pair in query.split("&") if query else []:
        key, equals, value = pair.partition("=")
        key, value = _decode(key).lower(), _decode(value)
        if not equals:
            raise refuse("an address with a parameter that has no value")
        if key in seen and key in {"host", "hostaddr", "port", "service"}:
            raise refuse(f"an address with more than one {key} parameter")
        seen.add(key)
        values[key] = value
        if key in {"host", "hostaddr"}:
            places += [part for part in value.split(",") if part]
    return Given(values, tuple(places))
