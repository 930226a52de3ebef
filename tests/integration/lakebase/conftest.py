"""A PostgreSQL behind a gate whose tokens a test decides about; afterwards nothing of it may remain."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from seatrial.fakes.authority import Authority
from seatrial.fakes.databricks.lakebase import LakebaseGate, Login, Route, Upstream, Verdict
from seatrial.postgres.server import EmbeddedServer
from seatrial.tcp import Target
from tests.support.server import running_server

ADA = "test-user-a@example.com"
APP = "0b1e2a3c-5d6f-4a7b-8c9d-0e1f2a3b4c5d"
DATABASE = "shop"
ROLES = f"""
create role "{ADA}" login;
create role "{APP}" login superuser;
create role barred;
"""


@pytest.fixture(scope="session")
def server(shared_cache: Path) -> Iterator[EmbeddedServer]:
    """A server with roles that have no password, and a database that is not called as any of them."""
    with running_server(shared_cache, roles=ROLES) as running:
        with psycopg.connect(running.admin_dsn(), autocommit=True) as admin:
            admin.execute(f'create database {DATABASE} owner "{ADA}"'.encode())
        yield running


@pytest.fixture(scope="session")
def authority() -> Iterator[Authority]:
    made = Authority()
    yield made
    made.close()


class Tokens:
    """What the tokens of a test are good for; by default nothing is."""

    def __init__(self) -> None:
        self._owners: dict[str, str] = {}
        self.spoilt: dict[str, Verdict] = {}

    def issue(self, role: str, token: str) -> str:
        self._owners[token] = role
        return token

    def verify(self, role: str, token: str) -> Verdict:
        if token not in self._owners:
            return Verdict.WRONG
        if self._owners[token] != role:
            return Verdict.FOREIGN
        return self.spoilt.get(token, Verdict.ACCEPTED)


class Endpoint:
    """A gate, and how clients address it."""

    def __init__(self, gate: LakebaseGate, tokens: Tokens, authority: Authority) -> None:
        self.gate = gate
        self.tokens = tokens
        self.host, self.port = gate.address
        self.ca = str(authority.bundle)

    def token(self, role: str = ADA, token: str = "dapi-first") -> str:
        return self.tokens.issue(role, token)

    def arguments(self, *, user: str = ADA, password: str | None = None) -> dict[str, object]:
        """What every driver takes."""
        return {
            "host": self.host,
            "port": self.port,
            "user": user,
            "password": password if password is not None else self.token(user, f"dapi-{user}"),
        }

    def psycopg(
        self, *, user: str = ADA, password: str | None = None, dbname: str = DATABASE, **options
    ) -> psycopg.Connection:
        options = {"sslmode": "require", "autocommit": True} | options
        return psycopg.connect(dbname=dbname, **self.arguments(user=user, password=password), **options)

    def refusal(self, **options) -> tuple[str, str]:
        """SQLSTATE and message of a login that has to fail, and that of its entry among the logins."""
        with pytest.raises(psycopg.OperationalError) as error:
            self.psycopg(**options)
        last = self.gate.logins[-1]
        return last.sqlstate, str(error.value)

    @property
    def logins(self) -> list[Login]:
        return self.gate.logins


def upstream_of(server: EmbeddedServer) -> Upstream:
    target = Target(path=f"{server.socket_dir}/.s.PGSQL.{server.port}")
    return Upstream(database=DATABASE, route=lambda role, port: Route(target=target))


@pytest.fixture
def opened(authority: Authority) -> Iterator[Callable[..., Endpoint]]:
    """Open gates; after the test no thread and no socket of them may remain."""
    threads, made = set(threading.enumerate()), []

    def make(upstream: Upstream, **options) -> Endpoint:
        tokens = Tokens()
        gate = LakebaseGate(verify=tokens.verify, upstream=upstream, tls=authority.context, **options)
        made.append(gate)
        gate.start()
        return Endpoint(gate, tokens, authority)

    yield make
    for gate in made:
        gate.stop()
    assert [t.name for t in set(threading.enumerate()) - threads if t.name.startswith("seatrial")] == []
    assert [port for port in (gate.address[1] for gate in made) if _is_used(port)] == []


def _is_used(port: int) -> bool:
    """Whether this process holds a socket at the port; what waits in the kernel belongs to nobody."""
    table = Path("/proc/net/tcp")
    rows = [line.split() for line in table.read_text().splitlines()[1:]] if table.exists() else []
    return any(row[1].endswith(f":{port:04X}") and row[9] != "0" for row in rows)


@pytest.fixture
def endpoint(server: EmbeddedServer, opened: Callable[..., Endpoint]) -> Endpoint:
    return opened(upstream_of(server))


def trusting(endpoint: Endpoint) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=endpoint.ca)


def plain(endpoint: Endpoint) -> socket.socket:
    return socket.create_connection((endpoint.host, endpoint.port), timeout=30)
