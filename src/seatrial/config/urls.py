"""Take a URL apart the way drivers do: raw slashes and at-signs in passwords, host lists, sockets."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

_SCHEME = re.compile(r"((?:jdbc:)?[A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)
_HOST_LIST = re.compile(r"(\[[^\]]*\]|[^:,@\[\]]*)(:\d*)?(,(\[[^\]]*\]|[^:,@\[\]]*)(:\d*)?)*")
_IPV6 = re.compile(r"[0-9A-Fa-f:.]+(%\w+)?")


@dataclass(frozen=True, kw_only=True)
class UrlParts:
    """A URL in pieces, none of them decoded.

    Attributes:
        scheme: in lower case, without `jdbc:`.
        user: what stands before the password, None when there is no user part.
        password: None when there is none.
        location: hosts and ports as written, such as `a:1,[::1]:2`.
        path: from the first slash to the query.
        query: without the question mark.
        fragment: without the hash.
    """

    scheme: str
    user: str | None
    password: str | None = field(repr=False)
    location: str
    path: str
    query: str
    fragment: str

    def hosts(self) -> list[str]:
        """Return the host names of the location, decoded, without ports and brackets."""
        return [host_of(place) for place in self.location.split(",")]


def split_url(text: str) -> UrlParts | None:
    """Return the pieces of `text`, or None when it is no `scheme://...`."""
    match = _SCHEME.fullmatch(text.strip())
    if match is None:
        return None
    scheme, rest = match.group(1).lower().removeprefix("jdbc:"), match.group(2)
    credentials, rest = _split_credentials(rest)
    location = re.split(r"[/?#;]", rest, maxsplit=1)[0]
    tail, _, fragment = rest[len(location) :].partition("#")
    path, _, query = tail.partition("?")
    user, colon, password = credentials.partition(":") if credentials is not None else (None, "", "")
    return UrlParts(
        scheme=scheme,
        user=user,
        password=password if colon else None,
        location=location,
        path=path,
        query=query,
        fragment=fragment,
    )


def host_of(place: str) -> str:
    """Return the host of `host`, `host:port`, `[v6]:port` or a bare IPv6 address, decoded."""
    place = place.strip()
    if place.startswith("["):
        return place[1:].partition("]")[0]
    if place.count(":") > 1 and _IPV6.fullmatch(place):
        return place
    return unquote(place.partition(":")[0])


def _split_credentials(rest: str) -> tuple[str | None, str]:
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in authority:
        credentials, _, location = authority.rpartition("@")
        return credentials, location + rest[len(authority) :]
    # SQLAlchemy reads a password up to the at-sign, whatever is in it. Without this, the beginning of
    # such a password would pass for a port and its user for a host.
    if "@" in rest and not _HOST_LIST.fullmatch(authority):
        credentials, _, location = rest.partition("@")
        more, marked, _ = re.split(r"[/?#]", location, maxsplit=1)[0].rpartition("@")
        return credentials + marked + more, location[len(more + marked) :]
    return None, rest
