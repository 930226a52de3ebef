from __future__ import annotations

import os
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.support.server import running_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECRET = "s3cret-Hx"
ROLES = f"""
create role root superuser login password '{SECRET}';
create role maker login createdb password '{SECRET}';
create role plain login password '{SECRET}';
create role reader login password '{SECRET}';
create role "o'dd:na@me" login createdb password '{SECRET}';
"""


@dataclass(frozen=True)
class Server:
    """A real PostgreSQL with roles and databases of every kind the rules tell apart."""

    port: int
    socket_dir: str

    def run(self, statements: str, *, database: str = "postgres") -> None:
        with psycopg.connect(
            host=self.socket_dir, port=self.port, user="root", dbname=database, autocommit=True
        ) as connection:
            for statement in filter(None, (part.strip() for part in statements.split(";\n"))):
                connection.execute(statement.encode())

    def create(self, database: str, *, owner: str = "plain", statements: str = "") -> None:
        self.run(f'create database "{database}" owner {owner} strategy file_copy')
        self.run(f"set role {owner};\n{statements}", database=database)


@dataclass
class Trap:
    """A listener of this very process: what it receives, a refused target has received."""

    listeners: list[socket.socket]
    port: int
    socket_dir: str

    def received(self) -> tuple[int, int]:
        """Connections and bytes. A connection stays in the backlog after its other end has gone."""
        connections = size = 0
        for listener in self.listeners:
            while True:
                try:
                    accepted, _ = listener.accept()
                except BlockingIOError:
                    break
                connections += 1
                with accepted:
                    accepted.settimeout(1)
                    size += len(accepted.recv(65536))
        return connections, size


@pytest.fixture(scope="session")
def server(shared_cache: Path) -> Iterator[Server]:
    with running_server(shared_cache, roles=ROLES) as running:
        # Here every role may come through the socket, as on many a developer's machine.
        rules = running.data_dir / "pg_hba.conf"
        rules.write_text(f"local all all trust\n{rules.read_text()}")
        server = Server(running.port, str(running.socket_dir))
        with psycopg.connect(running.admin_dsn(), autocommit=True) as connection:
            connection.execute("select pg_reload_conf()")
        server.create("empty")
        server.create("full", statements="create table kept (id int)")
        server.create("prod_test", statements="create table kept (id int)")
        yield server


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture
def trap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trap]:
    with tempfile.TemporaryDirectory(prefix="st-", dir="/tmp") as folder:
        network = socket.create_server(("127.0.0.1", 0), backlog=64)
        port = network.getsockname()[1]
        local = socket.socket(socket.AF_UNIX)
        local.bind(f"{folder}/.s.PGSQL.{port}")
        local.listen(64)
        abstract = socket.socket(socket.AF_UNIX)
        abstract.bind(f"\0{folder}/.s.PGSQL.{port}")
        abstract.listen(64)
        listeners = [network, local, abstract]
        for listener in listeners:
            listener.setblocking(False)
        yield Trap(listeners, port, folder)
        for listener in listeners:
            listener.close()


@pytest.fixture
def free_port() -> int:
    return _free_port()


@pytest.fixture
def fresh_database(server: Server) -> Iterator[Callable[..., str]]:
    """Make a database that the test may change."""
    made: list[str] = []

    def make(*, owner: str = "plain", statements: str = "") -> str:
        made.append(f"fresh_{os.getpid()}_{len(made)}")
        server.create(made[-1], owner=owner, statements=statements)
        return made[-1]

    yield make
    for database in made:
        server.run(f'drop database "{database}" with (force)')
