"""A server that is not ours: real, with roles of every right, beside the runs that use it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from seatrial.postgres.server import EmbeddedServer
from tests.support.server import running_server

SECRET = "open-sesame-7"
ROLES = f"""
create role boss superuser login password '{SECRET}';
create role maker createdb login password '{SECRET}';
create role versatile createdb createrole login password '{SECRET}';
create role plain login password '{SECRET}';
"""


@dataclass(frozen=True)
class Foreign:
    """The server as its administrator sees it."""

    port: int
    admin: str

    def url(self, role: str, database: str = "postgres") -> str:
        return f"postgresql://{role}:{SECRET}@127.0.0.1:{self.port}/{database}"

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.admin, autocommit=True) as connection:
            return connection.execute(statement.encode()).fetchall()

    def ours(self) -> list[str]:
        """The databases seatrial made and left, except templates."""
        rows = self.rows(
            "select datname from pg_database where datname like 'seatrial%' and datname not like '%template%'"
        )
        return [str(name) for (name,) in rows]


@pytest.fixture(scope="session")
def foreign(shared_cache: Path) -> Iterator[Foreign]:
    with running_server(shared_cache, roles=ROLES) as server:
        with psycopg.connect(server.admin_dsn(), autocommit=True) as connection:
            connection.execute("create database precious owner maker")
        yield Foreign(server.port, server.admin_dsn())


SERVERS = [None, *sorted(str(folder) for folder in Path("/usr/lib/postgresql").glob("*/bin"))]


@dataclass
class Berth:
    """An empty database, and the one role that owns it and may do nothing else."""

    port: int
    admin: str

    @property
    def url(self) -> str:
        return f"postgresql://tenant:{SECRET}@127.0.0.1:{self.port}/berth"

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            return connection.execute(statement.encode()).fetchall()

    def execute(self, *statements: str, admin: bool = False) -> None:
        url = self.admin_here if admin else self.url
        with psycopg.connect(url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    @property
    def admin_here(self) -> str:
        return self.admin.replace("dbname='postgres'", "dbname='berth'")

    @property
    def comment(self) -> str:
        query = "select shobj_description(oid, 'pg_database') from pg_database where datname = 'berth'"
        return str(self.rows(query)[0][0] or "")


@pytest.fixture(
    scope="module", params=SERVERS, ids=lambda folder: Path(folder).parent.name if folder else "wheel"
)
def harbour(request: pytest.FixtureRequest, shared_cache: Path) -> Iterator[EmbeddedServer]:
    with running_server(shared_cache, binaries=request.param) as server:
        yield server


@pytest.fixture
def berth(harbour: EmbeddedServer) -> Iterator[Berth]:
    admin = harbour.admin_dsn()
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"create role tenant login password '{SECRET}'".encode())
        connection.execute("create database berth owner tenant")
    yield Berth(psycopg.conninfo.conninfo_to_dict(admin)["port"], admin)
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute("drop database berth with (force)")
        connection.execute("drop role tenant")
