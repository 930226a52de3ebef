"""The tested database, as a gate of the Databricks fake finds it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from seatrial.fakes.databricks.lakebase import Refused, Route, Upstream
from seatrial.postgres.faults import target_of
from seatrial.postgres.server.options import ADMIN_ROLE
from seatrial.tcp import Target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seatrial.trial.database import TestDatabase

_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
_LOCAL, _INODE = 1, 9


def lakebase_upstream(database: TestDatabase) -> Upstream:
    """What a `LakebaseGate` needs to know of the tested database; nothing is started.

    Any role may come in on a server of ours. On one that the team named only the application's: we know no
    other password there.
    """

    def route(role: str, port: int) -> Route:
        if database.is_opening and not _is_ours(port):
            raise Refused(
                "57P03",
                "the test database is just being built, and cannot be waited for by what builds it",
                hint="Migrations and seeds have to use the URL they are given: {database.url}.",
            )
        database.wake()
        return _embedded(database, role) or _named(database, role)

    return Upstream(
        database=database.name,
        route=route,
        proxy=database.proxy.tcp if database.proxy is not None else None,
        join=database.join,
    )


def _embedded(database: TestDatabase, role: str) -> Route | None:
    cluster = database.cluster
    if cluster is None or cluster.kind != "embedded":
        return None
    if role == ADMIN_ROLE:
        raise Refused("28000", f'role "{role}" is not permitted to log in')
    return Route(target=Target(path=f"{cluster.admin['host']}/.s.PGSQL.{cluster.port}"))


def _named(database: TestDatabase, role: str) -> Route:
    address = database.server_address
    if role != address.user:
        raise Refused(
            "28000",
            f'role "{role}" cannot be logged in: the tests run on a server that was named, where only the '
            f'password of "{address.user}" is known',
            hint="Name the identity in tool.seatrial.database.app_role, or use the embedded server.",
        )
    return Route(target=target_of(address), password=address.password)


def _is_ours(port: int) -> bool:
    """Whether a connection on this machine was opened by this process; True where that cannot be told."""
    inodes = set(_inodes(port))
    return not inodes or not inodes.isdisjoint(_own_sockets())


def _inodes(port: int) -> Iterator[str]:
    # Linux only; elsewhere there are no such files. One of the two ends of a connection has the port.
    for table in _TABLES:
        with contextlib.suppress(OSError), Path(table).open(encoding="ascii") as file:
            next(file, None)
            for columns in map(str.split, file):
                if int(columns[_LOCAL].rpartition(":")[2], 16) == port:
                    yield columns[_INODE]


def _own_sockets() -> Iterator[str]:
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            yield os.readlink(descriptor).removeprefix("socket:[").removesuffix("]")  # noqa: PTH115 - no path
