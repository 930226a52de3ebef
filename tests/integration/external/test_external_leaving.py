"""A database that is to go, while sessions are in it that its owner may not end."""

from __future__ import annotations

import threading

import psycopg
import pytest

from seatrial.errors import IsolationError
from seatrial.postgres.isolation import pool
from seatrial.postgres.isolation.pool import drop
from tests.integration.external.conftest import SECRET, Foreign

SEEN = "select count(*) from pg_stat_activity where application_name = 'dropper' and query like '%terminate%'"


@pytest.fixture
def stranger(foreign: Foreign):
    """A session of somebody else's in a database of `maker`, who may create databases and no more."""
    with psycopg.connect(foreign.admin, autocommit=True) as admin:
        admin.execute(f"create role stranger login password '{SECRET}'".encode())
        admin.execute("create database leaving owner maker")
        with psycopg.connect(f"postgresql://stranger:{SECRET}@127.0.0.1:{foreign.port}/leaving") as session:
            yield session
        admin.execute("drop database if exists leaving with (force)")
        admin.execute("drop role stranger")


@pytest.fixture
def maker(foreign: Foreign):
    url = f"postgresql://maker:{SECRET}@127.0.0.1:{foreign.port}/precious"
    with psycopg.connect(url, autocommit=True, application_name="dropper") as connection:
        yield connection


def test_they_are_waited_for(
    foreign: Foreign, stranger: psycopg.Connection, maker: psycopg.Connection
) -> None:
    dropping = threading.Thread(target=drop, args=(maker, "leaving"))
    with psycopg.connect(foreign.admin, autocommit=True) as admin:
        dropping.start()
        while not admin.execute(SEEN).fetchone()[0]:
            assert dropping.is_alive()
        assert stranger.execute("select 1").fetchone() == (1,)
        stranger.close()
        dropping.join(60)
        assert not dropping.is_alive()
        assert admin.execute("select datname from pg_database where datname = 'leaving'").fetchall() == []


def test_those_that_stay_are_told(
    stranger: psycopg.Connection, maker: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "_GONE_LIMIT_S", 0.1)
    with pytest.raises(IsolationError, match="1 sessions of 'leaving' did not end") as told:
        drop(maker, "leaving")
    assert told.value.code == "isolation.sessions"
    assert stranger.execute("select 1").fetchone() == (1,)
