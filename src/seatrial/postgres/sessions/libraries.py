"""What the sessions are made of, and seatrial does not bring: SQLAlchemy 2, and greenlet."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from seatrial.errors import IsolationError


@cache
def require_sqlalchemy(*, asynchronous: bool) -> None:
    """Refuse to go on without what a session needs.

    Raises:
        IsolationError: SQLAlchemy is missing or older than 2.0, or greenlet is missing.
    """
    try:
        found = version("sqlalchemy")
    except PackageNotFoundError:
        found = ""
    if not found or int(found.partition(".")[0]) < 2:  # noqa: PLR2004 - the first with join_transaction_mode
        raise IsolationError(
            f"`db_session` and `async_db_session` need SQLAlchemy 2.0 or newer; found {found or 'none'}",
            code="session.no-sqlalchemy",
            remedy='pip install "sqlalchemy>=2", or use `db`, which needs only psycopg',
        )
    if asynchronous and find_spec("greenlet") is None:
        raise IsolationError(
            "`async_db_session` needs greenlet, as every asynchronous session of SQLAlchemy does; found none",
            code="session.no-greenlet",
            remedy='pip install "sqlalchemy[asyncio]"',
        )
