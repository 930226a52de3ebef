"""What happens to whoever finds a pool empty."""

from __future__ import annotations

import contextlib
import math
from typing import TYPE_CHECKING, Any

from seatrial.checks.application import running_application
from seatrial.checks.finding import Finding, Note
from seatrial.checks.pool.finding_pools import pools_of, without_pools
from seatrial.checks.pool.kinds import OPENS_S, REFUSES_S
from seatrial.checks.pool.request import WORKS, Request

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from seatrial.checks.ground import Ground
    from seatrial.checks.pool.kinds import Pool
    from seatrial.config.settings import PoolChecks


def exhaustion(ground: Ground) -> Iterator[Finding | Note]:
    """Empty every pool of the application, and look what the next one gets."""
    rules = ground.settings.checks.pool
    with running_application(ground, check="pool.exhaustion") as application:
        request = Request(application, rules) if rules.request is not None else None
        if request is not None:
            # It may be the first that opens the pools, too.
            before = request.answer()
            if before != WORKS:
                yield Finding(
                    where=f"GET {rules.request}",
                    what=f"expected that it works before the pools are empty, found {before}",
                    remedy="name a request under checks.pool that reads the database, and a user who may",
                )
                return
        pools = pools_of(application)
        for text in without_pools(application):
            yield Note(text)
        for pool in pools:
            if not (yield from _of_one(pool, rules)):
                # What is missing now would be missing in all other pools, too.
                return
        if request is not None:
            yield from _of_application(pools, request, rules)


def _of_one(pool: Pool, rules: PoolChecks) -> Generator[Finding | Note, None, bool]:
    """Look at one pool; whether all its connections could be taken."""
    if pool.size is None:
        yield Finding(
            where=pool.name,
            what="expected a limit of its connections, found none: under load the server refuses everybody",
            remedy="give it one: pool_size and max_overflow, or max_size",
        )
        return True
    yield Note(f"{pool.name}: {pool.size} connections; whoever finds none waits {_wait_of(pool)}")
    if rules.wait is not None and pool.waits is not None and pool.waits > rules.wait:
        yield Finding(
            where=pool.name,
            what=f"expected that it refuses after {rules.wait:g} s at most, found {_wait_of(pool)}",
            remedy="give it a shorter timeout, or correct checks.pool.wait",
        )
    with _emptied(pool) as failure:
        if failure is None:
            yield from _next_one(pool)
    if failure is not None:
        yield Finding(
            where=pool.name,
            what=f"expected {pool.size} connections at the same time, found {_said(failure)}",
            remedy="let all pools together ask for less than the server's max_connections; look for what "
            "does not give a connection back",
        )
        return False
    with _emptied(pool) as failure:
        pass
    if failure is not None:
        yield Finding(
            where=pool.name,
            what=f"expected that it recovers when its connections are given back, found {_said(failure)}",
            remedy="look for what keeps connections after an error",
        )
    return failure is None


def _wait_of(pool: Pool) -> str:
    if pool.waits is None:
        return "for ever, unless acquire() is given a timeout"
    return "without a limit" if math.isinf(pool.waits) else f"{pool.waits:g} s"


def _next_one(pool: Pool) -> Iterator[Finding]:
    with pool.hurried(REFUSES_S):
        try:
            connection = pool.take()
        except Exception as error:  # noqa: BLE001 - which one is the question
            if not pool.is_refusal(error):
                yield Finding(
                    where=pool.name,
                    what=f"expected that it refuses when all {pool.size} connections are taken, "
                    f"found {_said(error)}",
                    remedy="look at what the pool does when it is empty",
                )
        else:
            pool.give(connection)
            yield Finding(
                where=pool.name,
                what=f"expected that it refuses when all {pool.size} connections are taken, found one more",
                remedy="give the pool a limit",
            )


def _of_application(pools: Sequence[Pool], request: Request, rules: PoolChecks) -> Iterator[Finding]:
    """What a client is told while a pool is empty, each in turn, and after.

    Not all at once: together they may ask for more than the server has, which is the server's to limit.
    """
    where, refused = f"GET {rules.request}", f"status {rules.status}"
    found = {pool.name: _asked(pool, request) for pool in pools}
    for name, answer in found.items():
        if answer not in (refused, WORKS):
            yield Finding(
                where=where,
                what=f"expected {refused} while {name} is empty, found {answer}",
                remedy="give the pool a time to wait, and answer its error with that status; or correct "
                "checks.pool.status",
            )
    if set(found.values()) == {WORKS}:
        yield Finding(
            where=where,
            what=f"expected {refused} while a pool is empty, found that it works with any of them empty",
            remedy="name a request under checks.pool that reads the database",
        )
    if (after := request.answer()) != WORKS:
        yield Finding(
            where=where,
            what=f"expected that it works when the pools have connections again, found {after}",
            remedy="look for what keeps connections after an error",
        )


def _asked(pool: Pool, request: Request) -> str:
    with _emptied(pool) as failure, pool.hurried(REFUSES_S):
        return request.answer() if failure is None else _said(failure)


@contextlib.contextmanager
def _emptied(pool: Pool) -> Iterator[Exception | None]:
    """Take all connections of a pool; gives the error that it raised before it was empty."""
    taken: list[Any] = []
    failure: Exception | None = None
    try:
        try:
            with pool.hurried(OPENS_S):
                for _ in range(pool.size or 0):
                    taken.append(pool.take())  # noqa: PERF401 - those before an error are given back
        except Exception as error:  # noqa: BLE001 - it is told
            failure = error
        yield failure
    finally:
        for connection in taken:
            pool.give(connection)


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
