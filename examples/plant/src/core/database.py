"""Engines, sessions that work for an agent, and the database's errors as ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import asyncpg
from sqlalchemy import Connection, event
from sqlalchemy.exc import DBAPIError, TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session, SessionTransaction

from core.errors import (
    ConstraintError,
    DatabaseUnavailableError,
    NotAllowedError,
    PoolExhaustedError,
    TransientError,
)
from core.settings import Settings
from security import audit, rls

Isolation = Literal["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"]

_SERIALIZATION_FAILURE = "40001"
_DEADLOCK = "40P01"
_LOCKED = "55P03"
_NOT_ALLOWED = "42501"
_INTEGRITY = "23"
# Under a snapshot of its own, a transaction cannot see who appended to the audit log before it.
_CHAIN_MOVED = "uq_audit_log_previous_hash"


class AgentSession(Session):
    """A session whose transactions work for the agent in its `info`, and whose changes are logged."""


audit.watch(AgentSession)


@event.listens_for(AgentSession, "after_begin")
def _name_agent(session: Session, _transaction: SessionTransaction, connection: Connection) -> None:
    if session.info.get("agent_id"):
        rls.name_agent(connection, session.info["agent_id"])


def make_engine(settings: Settings, *, read_only: bool = False) -> AsyncEngine:
    """A pool of connections; a read-only one refuses to write (25006)."""
    url = settings.database_url
    if read_only and settings.database_read_url is not None:
        url = settings.database_read_url
    return create_async_engine(
        url.get_secret_value(),
        pool_size=settings.database_pool_size,
        max_overflow=settings.database_max_overflow,
        pool_timeout=settings.database_pool_timeout_seconds,
        pool_pre_ping=True,
        connect_args={
            "timeout": settings.database_connect_timeout_seconds,
            "server_settings": {
                "default_transaction_read_only": "on" if read_only else "off",
                "lock_timeout": f"{settings.database_lock_timeout_seconds * 1000:.0f}",
            },
        },
    )


def make_sessions(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    # Objects are returned to callers after the commit, so they must not expire with it.
    return async_sessionmaker(engine, sync_session_class=AgentSession, expire_on_commit=False)


@contextmanager
def connecting() -> Iterator[None]:
    """What happens before there is a connection, in our words.

    Raises:
        PoolExhaustedError: none became free in time.
        DatabaseUnavailableError: a new one could not be made.
    """
    try:
        yield
    except PoolTimeoutError as error:
        raise PoolExhaustedError("all connections to the database are in use") from error
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise DatabaseUnavailableError(f"no connection to the database: {type(error).__name__}") from error


@contextmanager
def translated() -> Iterator[None]:
    """What a statement or a commit can meet, in our words; other errors stay as they are.

    Raises:
        TransientError, ConstraintError, NotAllowedError, DatabaseUnavailableError: see there.
    """
    try:
        yield
    except DBAPIError as error:
        ours = _translate(error)
        if ours is None:
            raise
        raise ours from error


def sqlstate_of(error: DBAPIError) -> str:
    """The five characters of the server; empty where it did not answer."""
    return getattr(error.orig, "sqlstate", None) or ""


def constraint_of(error: DBAPIError) -> str:
    """The constraint that refused, or the column that must not be empty."""
    reported: Any = error.orig.__cause__ if error.orig is not None else None
    return getattr(reported, "constraint_name", None) or getattr(reported, "column_name", None) or ""


def _translate(error: DBAPIError) -> Exception | None:
    sqlstate, name = sqlstate_of(error), constraint_of(error)
    if sqlstate in (_SERIALIZATION_FAILURE, _DEADLOCK, _LOCKED) or name == _CHAIN_MOVED:
        return TransientError("another transaction got in the way", sqlstate=sqlstate)
    if sqlstate.startswith(_INTEGRITY):
        return ConstraintError(f"refused by {name}", sqlstate=sqlstate, name=name)
    if sqlstate == _NOT_ALLOWED:
        return NotAllowedError("this agent may not do that")
    if error.connection_invalidated:
        return DatabaseUnavailableError("the connection to the database was lost")
    return None
