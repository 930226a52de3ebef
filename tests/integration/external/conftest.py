"""A server that is not ours: real, with roles of every right, beside the runs that use it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

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
