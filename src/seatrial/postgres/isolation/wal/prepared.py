"""Transactions that were prepared for a second phase which never came."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.postgres.sql import literal

if TYPE_CHECKING:
    from seatrial.postgres.cluster import Cluster
    from seatrial.postgres.isolation.wal.control import Control


def roll_back_prepared(cluster: Cluster, control: Control) -> None:
    """Roll back every prepared transaction of the server, each from inside its database."""
    (rows,) = control.query("select database, gid from pg_prepared_xacts")
    for database, gid in rows:
        with cluster.connect(str(database)) as inside:
            inside.execute(f"rollback prepared {literal(str(gid))}".encode())
