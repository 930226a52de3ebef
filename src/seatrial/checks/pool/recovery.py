"""What the application's pools do after a restart of the server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seatrial.checks.application import running_application
from seatrial.checks.finding import Finding, Inapplicable, Note
from seatrial.checks.pool.finding_pools import pools_of
from seatrial.trial.database import TestDatabase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seatrial.checks.ground import Ground
    from seatrial.checks.pool.kinds import Pool

_AT_ONCE = 5


def recovery(ground: Ground) -> Iterator[Finding | Note]:
    """Restart the server while pools hold open connections, and use each until it serves."""
    database = ground.trial.database if ground.trial is not None else None
    if not isinstance(database, TestDatabase):
        raise Inapplicable("there is no PostgreSQL")
    with running_application(ground, check="pool.recovery") as application:
        if (path := ground.settings.checks.pool.request) is not None:
            # A pool that the first request opens is there from here on.
            user = ground.settings.checks.pool.user
            (application.client if user is None else application.client.as_user(user)).get(path)
        pools = pools_of(application)
        opened = {pool.name: _warm(pool) for pool in pools}
        database.restart_server()
        for pool in pools:
            yield from _again(pool, stale=opened[pool.name])


def _warm(pool: Pool) -> int:
    """Let a pool open some connections; how many it has then, be it more than those."""
    taken: list[Any] = []
    try:
        for _ in range(min(pool.size or _AT_ONCE, _AT_ONCE)):
            taken.append(pool.take())  # noqa: PERF401 - those before an error are given back
    finally:
        for connection in taken:
            pool.give(connection)
    return pool.opened()


def _again(pool: Pool, *, stale: int) -> Iterator[Finding | Note]:
    failed: list[str] = []
    # Each stale connection may cost one use; after those there is none left.
    for _ in range(stale + 1):
        try:
            pool.give(pool.take())
        except Exception as error:  # noqa: BLE001 - it is told
            failed.append(f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}")
        else:
            break
    else:
        yield Finding(
            where=pool.name,
            what=f"expected that it serves again after the server was restarted, found {failed[-1]}, "
            f"{len(failed)} times",
            remedy="let the pool test its connections (pool_pre_ping, check=ConnectionPool.check_connection)",
        )
        return
    if failed:
        yield Note(
            f"{pool.name}: {len(failed)} uses failed after the restart, the first with {failed[0]}; "
            "a pool that tests its connections first (pool_pre_ping, check=...) loses none"
        )
    else:
        yield Note(f"{pool.name}: served at once after the restart")
