"""Which program listens on a loopback port or a Unix socket, as Linux tells in /proc."""

from __future__ import annotations

import ipaddress
import os
import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_PROC = Path("/proc")
_LISTENING = "0A"
_ACCEPTS_CONNECTIONS = 0x10000
_KNOWN = re.compile(
    r"postgres|postmaster|pgbouncer|pgcat|odyssey|pgpool"
    r"|docker-proxy|dockerd|podman|rootlesskit|rootlessport|conmon|pas(?:ta|st)(?:\.avx2)?|slirp4netns"
    r"|containerd-shim.*|com\.docker\..*"
)


@dataclass(frozen=True)
class Listener:
    """A listening socket and the program that holds it."""

    address: str
    program: str | None
    """None: it belongs to another user or another container, and cannot be told."""
    pid: int | None


def is_known(program: str) -> bool:
    """Whether a program is a PostgreSQL server, a pooler, or forwards a port of a local container."""
    return _KNOWN.fullmatch(program) is not None


def port_holders(addresses: Sequence[str], port: int) -> list[Listener] | None:
    """Who would accept a connection to one of `addresses`. None: this system does not tell."""
    tables = [table for name in ("tcp", "tcp6") if (table := _read(_PROC / "net" / name)) is not None]
    if not tables:
        return None
    found: dict[str, list[str]] = {}
    for bound, inode in (row for table in tables for row in _listening_rows(table, port)):
        for address in addresses:
            if _covers(bound, ipaddress.ip_address(address)):
                found.setdefault(inode, []).append(address)
    return [
        Listener(address, program, pid) for inode, program, pid in _holders(found) for address in found[inode]
    ]


def socket_holders(path: str) -> list[Listener] | None:
    """Who listens on a Unix socket; `@name` is an abstract one. None: it exists, but nobody can be told."""
    if not path.startswith("@") and not Path(path).exists():
        return []
    table = _read(_PROC / "net" / "unix")
    if table is None:
        return None
    wanted = path if path.startswith("@") else os.path.realpath(path)
    inodes = [
        inode for bound, inode in _unix_rows(table) if bound == path or os.path.realpath(bound) == wanted
    ]
    if not inodes:
        return [] if path.startswith("@") else None
    return [Listener(path, program, pid) for _, program, pid in _holders(inodes)]


def _read(path: Path) -> list[str] | None:
    try:
        return path.read_text("ascii", errors="replace").splitlines()[1:]
    except OSError:
        return None


def _listening_rows(table: Iterable[str], port: int) -> Iterator[tuple[ipaddress._BaseAddress, str]]:
    for fields in (line.split() for line in table):
        bound, _, bound_port = fields[1].partition(":")
        if fields[3] == _LISTENING and int(bound_port, 16) == port:
            words = [int(bound[i : i + 8], 16) for i in range(0, len(bound), 8)]
            yield ipaddress.ip_address(struct.pack(f"={len(words)}I", *words)), fields[9]


def _unix_rows(table: Iterable[str]) -> Iterator[tuple[str, str]]:
    for fields in (line.split(maxsplit=7) for line in table):
        if len(fields) == 8 and int(fields[3], 16) & _ACCEPTS_CONNECTIONS:  # noqa: PLR2004 -- the eighth is the path
            yield fields[7], fields[6]


def _covers(bound: ipaddress._BaseAddress, address: ipaddress._BaseAddress) -> bool:
    """Whether a socket bound to one address gets connections made to the other."""
    if isinstance(bound, ipaddress.IPv6Address):
        if bound.is_unspecified:
            return True
        bound = bound.ipv4_mapped or bound
    return bound == address or (bound.version == address.version and int(bound) == 0)


def _holders(inodes: Iterable[str]) -> list[tuple[str, str | None, int | None]]:
    """For each socket, the programs that hold it; (socket, None, None) where none can be told."""
    wanted = {f"socket:[{inode}]": inode for inode in inodes}
    held: dict[str, list[tuple[str, str | None, int | None]]] = {inode: [] for inode in wanted.values()}
    for process in _PROC.iterdir() if wanted else ():
        if not process.name.isdigit():
            continue
        for inode in {wanted[link] for link in _links(process / "fd") if link in wanted}:
            held[inode].append((inode, _program(process), int(process.name)))
    return [holder for inode, known in held.items() for holder in known or [(inode, None, None)]]


def _links(folder: Path) -> Iterator[str]:
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        try:
            yield os.readlink(entry.path)  # noqa: PTH115 -- these are no paths
        except OSError:
            continue


def _program(process: Path) -> str | None:
    try:
        return Path(os.readlink(process / "exe").removesuffix(" (deleted)")).name  # noqa: PTH115
    except OSError:
        return None
