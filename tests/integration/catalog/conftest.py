"""A server with a database to start from, and its catalogue."""

from __future__ import annotations

import itertools
from pathlib import Path

import psycopg
import pytest

from seatrial.postgres.catalog import snapshot
from seatrial.postgres.server import find_binaries
from seatrial.postgres.sql import identifier
from tests.support.server import running_server

START = Path(__file__).with_name("start.sql").read_text()
SYSTEM = Path("/usr/lib/postgresql/15/bin")
ROLES = "create role app; create role reader; create role builder; create role other_builder"


class Stage:
    """A server, a database made of `start.sql`, and further databases."""

    def __init__(self, server, binaries):
        self.server = server
        self.binaries = binaries
        self.numbers = itertools.count(1)
        self.admin = self.connect("postgres")
        self.admin.execute("set allow_in_place_tablespaces = on")
        self.admin.execute("create tablespace fast location ''")
        self.connection = self.new(START)
        self.catalog = snapshot(self.connection)

    def connect(self, database, **options):
        return psycopg.connect(self.server.admin_dsn(database), **{"autocommit": True, **options})

    def new(self, statements="", *, owner="builder", name=None):
        """A connection to a database of its own, in which the statements were run."""
        name = name or f"stage_{next(self.numbers)}"
        self.admin.execute(f"create database {identifier(name)} owner {owner} template template0".encode())
        connection = self.connect(name)
        try:
            # As a superuser: event triggers, publications and some extensions need more than an owner has.
            connection.execute(statements.encode())
        except BaseException:
            connection.close()
            raise
        return connection


@pytest.fixture(
    scope="session",
    params=[None, *([str(SYSTEM)] if SYSTEM.exists() else [])],
    ids=lambda at: "debian-15" if at else "wheel",
)
def stage(request, shared_cache):
    with running_server(shared_cache, roles=ROLES, binaries=request.param) as server:
        found = Stage(server, find_binaries(request.param))
        yield found
        # Each change was undone, and not one of them is left in the catalogue.
        assert snapshot(found.connection) == found.catalog
        found.connection.close()
        found.admin.close()


@pytest.fixture
def changed(stage):
    """Run statements in the database, and take its catalogue before they are rolled back."""

    def change(statements):
        with stage.connection.transaction(force_rollback=True):
            stage.connection.execute(statements.encode())
            return snapshot(stage.connection)

    return change


@pytest.fixture
def new(stage):
    """Make a database and connect to it; closed after the test."""
    opened = []

    def make(statements="", **options):
        opened.append(stage.new(statements, **options))
        return opened[-1]

    yield make
    for connection in opened:
        name = connection.info.dbname
        connection.close()
        stage.admin.execute(f"drop database {identifier(name)} with (force)".encode())
