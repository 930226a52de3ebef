"""The engines the machine drives, and which operations each cannot answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seatrial.postgres.isolation import Clones

if TYPE_CHECKING:
    from collections.abc import Callable

    from seatrial.postgres.cluster import Cluster
    from seatrial.postgres.isolation import Isolation


@dataclass(frozen=True)
class Engine:
    """How to make an engine for a template, and what it does not claim to undo."""

    make: Callable[[Cluster, str, str], Isolation]
    lacking: frozenset[str]
    in_place: bool
    """Whether it claims to restore most programs without a copy."""


def _clones(cluster: Cluster, database: str, template: str) -> Isolation:
    return Clones(cluster, database=database, template=template)


def _wal(cluster: Cluster, database: str, template: str) -> Isolation:
    from seatrial.postgres.isolation.wal import WalReset
    from seatrial.postgres.isolation.wal.able import why_not

    reason = why_not(cluster)
    assert reason is None, reason
    return WalReset(cluster, database=database, template=template)


ENGINES = {
    "wal": Engine(_wal, lacking=frozenset(), in_place=True),
    "clones": Engine(
        _clones,
        # Roles belong to the server; a copy of the database brings none back. Nor does it connect again.
        lacking=frozenset({"role", "prepared", "restart"}),
        in_place=False,
    ),
}
