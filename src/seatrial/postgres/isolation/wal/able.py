"""Whether a server can tell what was written, and let us put it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seatrial.postgres.cluster import Cluster

_SINCE = 170000
"""The first version that can flush its log on request, and name the transaction of each record."""


def why_not(cluster: Cluster) -> str | None:
    """Why a cluster cannot be reset by its log; None where it can.

    The extension is created in the maintenance database; nothing is added to the tested one.
    """
    if cluster.kind != "embedded":
        return "the server is not ours alone"
    if cluster.version < _SINCE:
        return f"PostgreSQL {cluster.version // 10000} is older than {_SINCE // 10000}"
    if not cluster.superuser:
        return "our role is no superuser"
    import psycopg  # noqa: PLC0415 - an extra; loaded only when a server is used

    try:
        with cluster.connect(cluster.admin["dbname"]) as connection:
            connection.execute("create extension if not exists pg_walinspect schema public")
    except psycopg.Error as error:
        return f"the extension pg_walinspect cannot be had: {str(error).splitlines()[0]}"
    return None
