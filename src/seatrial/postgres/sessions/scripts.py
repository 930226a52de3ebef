"""Several statements in one round trip, below SQLAlchemy, where the driver can send them."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from sqlalchemy.util import await_only

from seatrial.ledger.sql import unrecorded

if TYPE_CHECKING:
    from sqlalchemy.pool import PoolProxiedConnection

_ABLE = ("asyncpg", "psycopg")

# What DISCARD ALL does, but for what the driver has prepared and will use again. It fails where somebody
# has prepared a statement with SQL: the driver's own cannot be told from it afterwards.
_RINSE = """
SET SESSION AUTHORIZATION DEFAULT; RESET ALL; CLOSE ALL; UNLISTEN *; DISCARD TEMP; DISCARD SEQUENCES;
SELECT pg_advisory_unlock_all(), 1 / (NOT EXISTS (SELECT FROM pg_prepared_statements WHERE from_sql))::int
"""


class StaleError(Exception):
    """A driver knows what is not so any more: how the result of a statement looks, or the type of a value."""


def can_run(connection: PoolProxiedConnection) -> bool:
    """Whether `run` can send more than one statement."""
    return _family(connection) in _ABLE


def remembers_schema(connection: PoolProxiedConnection) -> bool:
    """Whether the driver keeps statements and types over a rollback; psycopg forgets its statements."""
    return _family(connection) == "asyncpg"


def run(connection: PoolProxiedConnection, script: str) -> None:
    """Run statements that are separated by semicolons; their rows are of no interest.

    Raises:
        Exception: one failed, as the driver says it; those after it were not run.
    """
    driver: Any = connection.driver_connection
    # What is executed often psycopg prepares by itself, and several statements cannot be.
    options = {"prepare": False} if _family(connection) == "psycopg" else {}
    with unrecorded():
        done = driver.execute(script, **options)
        if inspect.isawaitable(done):
            await_only(done)


def rinse(connection: PoolProxiedConnection, *, plain: bool) -> None:
    """Roll back, and take settings, temporary tables and locks off a connection that the next test will get.

    Args:
        connection: where a test has worked.
        plain: whether it is known not to have changed the schema, not even for a moment.

    Raises:
        Exception: that could not be done; the connection is of no use to the next test.
    """
    driver: Any = connection.driver_connection
    match _family(connection):
        case "psycopg":
            run(connection, f"ROLLBACK; {_RINSE}")
        case "asyncpg":
            # asyncpg keeps account of its transaction, which SQLAlchemy has begun.
            connection.rollback()
            if not plain:
                raise StaleError
            run(connection, _RINSE)
        case _:
            connection.rollback()
            driver.autocommit = True
            connection.cursor().execute("DISCARD ALL")
            driver.autocommit = False


def _family(connection: PoolProxiedConnection) -> str:
    """The package of the driver behind a connection of SQLAlchemy."""
    return type(connection.driver_connection).__module__.partition(".")[0]
