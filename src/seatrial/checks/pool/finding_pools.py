"""The pools of the running application that lead to its tested database."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from seatrial.app.pools.instances import Instances
from seatrial.app.pools.psycopg import PsycopgHealer
from seatrial.checks.finding import Inapplicable
from seatrial.checks.pool.engines import EngineUse
from seatrial.checks.pool.kinds import AsyncpgPool, Pool, PsycopgPool, SqlAlchemyPool

if TYPE_CHECKING:
    from seatrial.checks.application import Application


def pools_of(application: Application) -> list[Pool]:
    """All of them, by their names.

    Raises:
        Inapplicable: there is none.
    """
    pools = [*_of_sqlalchemy(application), *_of_psycopg(application), *_of_asyncpg(application)]
    if not pools:
        none = "the application has no pool of SQLAlchemy, psycopg_pool or asyncpg to its database"
        raise Inapplicable("; ".join([none, *without_pools(application)]))
    names: dict[str, int] = {}
    for pool in pools:
        names[pool.name] = names.get(pool.name, 0) + 1
        if names[pool.name] > 1:
            pool.name = f"{pool.name} ({names[pool.name]})"
    return pools


def without_pools(application: Application) -> list[str]:
    """What is to be said of SQLAlchemy's engines that have no pool that could be looked at."""
    return [
        f"SQLAlchemy engine ({engine.dialect.driver}): its {type(engine.pool).__name__} is not looked at"
        + (", it opens a connection for everybody, without a limit" if _is_null(engine) else "")
        for engine in _engines(application)
        if not _queues(engine)
    ]


def _of_sqlalchemy(application: Application) -> list[Pool]:
    return [SqlAlchemyPool(engine, application.runner) for engine in _engines(application) if _queues(engine)]


def _queues(engine: Any) -> bool:
    from sqlalchemy.pool import QueuePool  # noqa: PLC0415 - loaded already

    return isinstance(engine.pool, QueuePool)


def _is_null(engine: Any) -> bool:
    from sqlalchemy.pool import NullPool  # noqa: PLC0415 - loaded already

    return isinstance(engine.pool, NullPool)


def _engines(application: Application) -> list[Any]:
    """SQLAlchemy's, those that lead to the tested database."""
    if "sqlalchemy.pool" not in sys.modules:
        return []
    from sqlalchemy.engine import Engine  # noqa: PLC0415 - loaded already

    places = _places(application)
    return [
        engine
        for engine in Instances().find((Engine,), None)
        if type(engine) is Engine and EngineUse(engine, application.runner).leads_to(places)
    ]


def _of_psycopg(application: Application) -> list[Pool]:
    return [PsycopgPool(pool, application.runner) for pool in PsycopgHealer().pools()]


def _of_asyncpg(application: Application) -> list[Pool]:
    return [AsyncpgPool(pool, application.runner) for pool in application.runner.outgoing.pools()]


def _places(application: Application) -> set[tuple[str, int]]:
    database: Any = application.trial.database
    places: set[tuple[str, int]] = database.places
    return places
