"""Whether the client of a session has closed its connection, which the server may not have noticed yet."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
_ESTABLISHED = 1
_LOCAL, _REMOTE, _STATE = 1, 2, 3


def has_hung_up(client: int, *, server: int) -> bool:
    """Whether the end of a connection on this machine is closing; False where that cannot be known.

    Args:
        client: the port it comes from.
        server: the port it leads to.
    """
    states = list(_states(client, server))
    return bool(states) and _ESTABLISHED not in states


def _states(client: int, server: int) -> Iterator[int]:
    # Linux only; elsewhere there are no such files.
    for table in _TABLES:
        with contextlib.suppress(OSError), Path(table).open(encoding="ascii") as file:
            next(file, None)
            for line in file:
                columns = line.split()
                if _port(columns[_LOCAL]) == client and _port(columns[_REMOTE]) == server:
                    yield int(columns[_STATE], 16)


def _port(address: str) -> int:
    return int(address.rpartition(":")[2], 16)
