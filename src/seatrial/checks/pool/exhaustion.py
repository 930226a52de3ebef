"""What happens to whoever finds a pool empty."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

from seatrial.checks.application import running_application
from seatrial.checks.finding import Finding, Note
from seatrial.checks.pool.finding_pools import pools_of
from seatrial.checks.pool.kinds import OPENS_S, REFUSES_S

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from seatrial.checks.application import Application
    from seatrial.checks.ground import Ground
    from seatrial.checks.pool.kinds import Pool
    from seatrial.config.settings import PoolChecks

_FIRST_OF_ERRORS = 400
_ANSWERS_S = 5.0


def exhaustion(ground: Ground) -> Iterator[Finding | Note]:
    """Empty every pool of the application, and look what the next one gets."""
    rules = ground.settings.checks.pool
    with running_application(ground, check="pool.exhaustion") as application:
        request = _Request(application, rules) if rules.request is not None else None
        if request is not None:
            # It may be the first that opens the pools, too.
            before = request.status()
            if before >= _FIRST_OF_ERRORS:
                yield Finding(
                    where=f"GET {rules.request}",
                    what=f"expected that it works before the pools are empty, found status {before}",
                    remedy="name a request under checks.pool that reads the database, and a user who may",
                )
                return
        pools = pools_of(application)
        full = True
        for pool in pools:
            full &= yield from _of_one(pool, rules)
        if request is not None and full:
            yield from _of_application(pools, request, rules)


def _of_one(pool: Pool, rules: PoolChecks) -> Generator[Finding | Note, None, bool]:
    """Look at one pool; whether all its connections could be taken."""
    if pool.size is None:
        yield Finding(
            where=pool.name,
            what="expected a limit of its connections, found none: under load the server refuses everybody",
            remedy="give it pool_size and max_overflow",
        )
        return True
    if pool.waits is None:
        yield Note(
            f"{pool.name}: {pool.size} connections; whoever finds none waits for ever, unless acquire() is "
            "given a timeout"
        )
    else:
        yield Note(f"{pool.name}: {pool.size} connections; whoever finds none waits {pool.waits:g} s")
    if rules.wait is not None and pool.waits is not None and pool.waits > rules.wait:
        yield Finding(
            where=pool.name,
            what=f"expected that it refuses after {rules.wait:g} s at most, found {pool.waits:g} s",
            remedy="give it a shorter timeout, or correct checks.pool.wait",
        )
    with _emptied([pool]) as failure:
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
    with _emptied([pool]) as failure:
        pass
    if failure is not None:
        yield Finding(
            where=pool.name,
            what=f"expected that it recovers when its connections are given back, found {_said(failure)}",
            remedy="look for what keeps connections after an error",
        )
    return failure is None


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


def _of_application(pools: Sequence[Pool], request: _Request, rules: PoolChecks) -> Iterator[Finding]:
    """What a client is told while all pools are empty, and after."""
    seconds = rules.wait or _ANSWERS_S
    with contextlib.ExitStack() as stack:
        executor = stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="seatrial-request"))
        with _emptied(pools) as failure:
            if failure is not None:
                yield Finding(
                    where="all pools together",
                    what=f"expected that they can be full at the same time, found {_said(failure)}",
                    remedy="let all of them together ask for less than the server's max_connections",
                )
                return
            for pool in pools:
                stack.enter_context(pool.hurried(REFUSES_S))
            # Whoever is not refused waits until the connections are given back, at the end of the block.
            asked = executor.submit(request.status)
            done, _ = wait([asked], timeout=seconds)
            found = f"status {asked.result()}" if done else f"no answer in {seconds:g} s"
        if found != f"status {rules.status}":
            yield Finding(
                where=f"GET {rules.request}",
                what=f"expected status {rules.status} while the pools are empty, found {found}",
                remedy="give the pool a time to wait, and answer its error with that status; or correct "
                "checks.pool.status",
            )
    after = request.status()
    if after >= _FIRST_OF_ERRORS:
        yield Finding(
            where=f"GET {rules.request}",
            what=f"expected that it works when the pools have connections again, found status {after}",
            remedy="look for what keeps connections after an error",
        )


class _Request:
    """The request that stands for all that use the database."""

    def __init__(self, application: Application, rules: PoolChecks) -> None:
        self._client = application.client if rules.user is None else application.client.as_user(rules.user)
        self._path = rules.request or ""

    def status(self) -> int:
        """The status of its answer; 500 where the application raised."""
        try:
            return self._client.get(self._path).status_code
        except Exception as error:
            if error.__class__.__module__.startswith("seatrial"):
                raise
            return 500


@contextlib.contextmanager
def _emptied(pools: Sequence[Pool]) -> Iterator[Exception | None]:
    """Take all connections of pools; gives the error that one of them raised before it was empty."""
    taken: list[tuple[Pool, Any]] = []
    failure: Exception | None = None
    try:
        for pool in pools:
            try:
                with pool.hurried(OPENS_S):
                    for _ in range(pool.size or 0):
                        taken.append((pool, pool.take()))  # noqa: PERF401 - those before an error are given back
            except Exception as error:  # noqa: BLE001 - it is told
                failure = error
        yield failure
    finally:
        for pool, connection in taken:
            pool.give(connection)


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
