"""Clean-up never hangs: whoever holds a lock is named and ended, and what cannot be ended is an error."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import psycopg
import pytest

from seatrial.errors import IsolationError
from seatrial.postgres.isolation.blockers import bound, unblocked
from tests.integration.oracle.conftest import Connect


@pytest.fixture
def admin(connect: Connect) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    connection = connect()
    connection.autocommit = True
    connection.execute("drop table if exists held; create table held (id int)")
    bound(connection)
    yield connection
    connection.execute("drop table if exists held")


def autocommit(connect: Connect) -> psycopg.Connection[tuple[object, ...]]:
    connection = connect()
    connection.autocommit = True
    return connection


def test_the_blocker_is_logged_and_ended_and_the_step_done(
    admin: psycopg.Connection[tuple[object, ...]], connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    blocker, innocent = connect(), connect()
    blocker.execute("set application_name = 'the blocker'; lock table held")
    innocent.execute("select 1")
    with caplog.at_level(logging.WARNING, "seatrial.isolation"):
        count = unblocked(
            lambda: admin.execute("truncate held").rowcount,
            connection=admin,
            connect=lambda: autocommit(connect),
        )
    assert count == -1
    [message] = caplog.messages
    assert f"session {blocker.info.backend_pid} of 'postgres', idle in transaction" in message
    assert "'the blocker'" in message
    assert "lock table held" in message
    with pytest.raises(psycopg.OperationalError):
        blocker.execute("select 1")
    assert innocent.execute("select 1").fetchone() == (1,)


def test_two_blockers_one_behind_the_other(
    admin: psycopg.Connection[tuple[object, ...]], connect: Connect
) -> None:
    first, second = connect(), connect()
    for blocker in (first, second):
        blocker.execute("lock table held in share mode")
    unblocked(lambda: admin.execute("truncate held"), connection=admin, connect=lambda: autocommit(connect))
    for blocker in (first, second):
        with pytest.raises(psycopg.OperationalError):
            blocker.execute("select 1")


def test_what_cannot_be_ended_is_an_error_in_bounded_time(
    admin: psycopg.Connection[tuple[object, ...]], connect: Connect
) -> None:
    holder = connect()
    holder.execute("lock table held; prepare transaction 'holds'")
    try:
        with pytest.raises(IsolationError) as error:
            unblocked(
                lambda: admin.execute("truncate held"),
                connection=admin,
                connect=lambda: autocommit(connect),
            )
    finally:
        admin.execute("rollback prepared 'holds'")
    assert error.value.code == "isolation.blocked"
    assert "nobody who blocks it was found" in error.value.detail
