"""What is this machine, and what else may be reached; found out without a packet or a query of DNS."""

from __future__ import annotations

import contextlib
import socket
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from seatrial.config.hosts import is_local

if TYPE_CHECKING:
    from collections.abc import Collection

_HOSTS_FILE = Path("/etc/hosts")
_FOREIGN = ("192.0.2.1", "2001:db8::1")
"""RFC 5737 and RFC 3849: of documentation, and so of no machine."""


class Reachable:
    """This machine, and the hosts that were named.

    Args:
        hosts: names or addresses of other machines that may be reached.
    """

    def __init__(self, hosts: Collection[str]) -> None:
        self._names = {plain(host) for host in hosts}
        self._addresses: set[str] = set()

    def permits(self, host: str) -> bool:
        """Whether a name may be looked up, or an address connected to."""
        name = plain(host)
        if is_local(name) or name in self._names or is_this_machine(name):
            return True
        return is_address(name) and self._is_of_a_permitted_name(name)

    def _is_of_a_permitted_name(self, address: str) -> bool:
        # Who looked the name up got the addresses, and we did not: ask as he did, and once more when an
        # address is new, since a name may have others by now.
        if address not in self._addresses:
            for name in self._names:
                self._addresses.update(_addresses_of(name))
        return address in self._addresses


def plain(host: str) -> str:
    """A host as names are compared: in lower case, without brackets and the last dot."""
    return host.strip().strip("[]").rstrip(".").lower()


def is_address(host: str) -> bool:
    """Whether this is an IP address, not a name."""
    return _address(host) is not None


@cache
def is_this_machine(host: str) -> bool:
    """Whether a plain name or address leads nowhere else."""
    address = _address(host)
    if address is None:
        return host in _own_names()
    if address.is_multicast or str(address) == "255.255.255.255":
        return False
    return _can_be_bound(host) and not any(map(_can_be_bound, _FOREIGN))


@cache
def _own_names() -> frozenset[str]:
    name = plain(socket.gethostname())
    names = {name, name.partition(".")[0]}
    with contextlib.suppress(OSError):
        for line in _HOSTS_FILE.read_text(encoding="utf-8", errors="replace").splitlines():
            address, *aliases = line.partition("#")[0].split() or [""]
            if is_local(address) or (is_address(address) and is_this_machine(address)):
                names.update(map(plain, aliases))
    return frozenset(names)


def _can_be_bound(address: str) -> bool:
    """Whether this machine has the address: nobody can bind a socket to that of another one."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    host, _, zone = address.partition("%")
    try:
        scope = (0, socket.if_nametoindex(zone)) if zone and not zone.isdecimal() else (0, int(zone or 0))
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((host, 0, *scope) if family == socket.AF_INET6 else (host, 0))
    except OSError:
        return False
    return True


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _addresses_of(name: str) -> set[str]:
    if is_address(name):
        return {name}
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except OSError:
        return set()
    return {str(entry[4][0]) for entry in found}
