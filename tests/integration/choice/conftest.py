from __future__ import annotations

import os
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from seatrial.postgres.server.binaries import find_binaries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECRET = "s3cret-Hx"
INITDB = ("-U", "root", "-N", "--auth-host=scram-sha-256", "--auth-local=trust", "--locale=C", "-E", "UTF8")
POSTGRES = ("-F", "--listen_addresses=127.0.0.1")
ROLES = """
create role maker login createdb password '{0}';
create role plain login password '{0}';
create role reader login password '{0}';
create role "o'dd:na@me" login createdb password '{0}';
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
def server() -> Iterator[Server]:
    # A Unix socket's path must be short.
    with tempfile.TemporaryDirectory(prefix="st-", dir="/tmp") as folder:
        server = Server(_free_port(), folder)
        Path(folder, "password").write_text(SECRET)
        _program(folder, "initdb", f"--pwfile={folder}/password", *INITDB).wait()
        process = _program(folder, "postgres", f"--port={server.port}", "-k", folder, *POSTGRES)
        try:
            _wait_until_it_answers(server, process)
            server.run(ROLES.format(SECRET))
            server.create("empty")
            server.create("full", statements="create table kept (id int)")
            server.create("prod_test", statements="create table kept (id int)")
            yield server
        finally:
            process.terminate()
            process.wait()


def _program(folder: str, name: str, *arguments: str) -> subprocess.Popen[bytes]:
    # PostgreSQL refuses root.
    as_user = ["unshare", "--user", "--map-user=65534"] if os.geteuid() == 0 else []
    with Path(folder, "log").open("ab") as log:
        return subprocess.Popen(
            [*as_user, str(find_binaries().bin / name), "-D", f"{folder}/data", *arguments],
            stdout=log,
            stderr=log,
        )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _wait_until_it_answers(server: Server, process: subprocess.Popen[bytes]) -> None:
    while True:
        try:
            server.run("select 1")
        except psycopg.OperationalError:
            assert process.poll() is None, Path(server.socket_dir, "log").read_text()
        else:
            return


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
