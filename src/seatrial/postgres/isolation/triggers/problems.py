"""What can stand in the way of a reset in place, as errors that say what to do."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from seatrial.errors import IsolationError
from seatrial.postgres.isolation.triggers.session import LOCK_TIMEOUT_S
from seatrial.postgres.isolation.triggers.sessions import blockers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import psycopg


@contextlib.contextmanager
def explained(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Turn what locks and rights forbid into an error that names the blocker.

    Raises:
        IsolationError: another session holds a lock, or the role lacks a right.
    """
    import psycopg  # noqa: PLC0415 - an extra; loaded only when a server is used

    try:
        yield
    except psycopg.errors.LockNotAvailable as error:
        raise IsolationError(
            f"what has to be put back in the tested database was still locked after {LOCK_TIMEOUT_S} s",
            code="isolation.locked",
            detail=blockers(connection),
            remedy="end what holds it; only the tested application and its tests should use this database",
        ) from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise IsolationError(
            f"the role {connection.info.user!r} lacks a right that a reset in place needs: {error}",
            code="isolation.rights",
            remedy="give it that, or CREATEDB: then every run makes databases of its own",
        ) from error


def not_owned(role: str, tables: Sequence[str]) -> IsolationError:
    """Tables that we may not watch."""
    return IsolationError(
        f"the tables {', '.join(tables)} belong to another role, so that what tests change in them could not "
        "be undone",
        code="isolation.rights",
        remedy=f"make {role!r} their owner, or give it CREATEDB: then every test gets a database of its own",
    )


def not_rebuildable(reason: str) -> IsolationError:
    """The baseline holds tables that no build brings back."""
    return IsolationError(
        f"a test changed the schema ({reason}), and the baseline holds tables that the application made when "
        "it started: the declared schema alone does not bring them back",
        code="isolation.baseline-lost",
        remedy="say in tool.seatrial.database.schema where the tables come from, or give the role CREATEDB: "
        "then every test gets a database of its own",
    )


def not_refilled(reason: str, why: object) -> IsolationError:
    """The rows of the baseline do not fit what was built."""
    return IsolationError(
        f"the database was built anew ({reason}), and its rows could not be put back: {why}",
        code="isolation.baseline-lost",
        remedy="give the role CREATEDB: then every test gets a database of its own",
    )
