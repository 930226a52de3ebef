"""A tested database on a server of its own, without an application and without pytest's part of seatrial."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from seatrial.postgres.cache import CacheFolder
from seatrial.postgres.cluster import Cluster, Credential
from seatrial.postgres.isolation import Clones, Isolation, WalReset, why_not
from seatrial.postgres.isolation.layers import Layer, Layers
from seatrial.postgres.isolation.separation import layers_apart
from seatrial.postgres.server import (
    ADMIN_ROLE,
    EmbeddedServer,
    ReservedPort,
    ServerOptions,
    find_binaries,
    prepared_data,
)

TEMPLATE = """
create table users (
  id int generated always as identity primary key, name text not null unique,
  loud text generated always as (upper(name)) stored);
create table orders (id serial primary key, buyer int references users, note text);
create table marks (what text);
create table days (day date not null, n int) partition by range (day);
create table days_2027 partition of days for values from ('2027-01-01') to ('2028-01-01');
create materialized view names as select name from users;
create table log (line text);
create function note() returns trigger language plpgsql as
  $$begin insert into public.log values (new.note); return new; end$$;
create trigger logged after insert on orders for each row execute function note();
insert into users (name) values ('seed');
refresh materialized view names;
"""


@dataclass
class Subject:
    """The tested database as a fixture or a test has it."""

    cluster: Cluster
    layers: Layers
    isolation: Isolation

    def run(self, *statements: str) -> None:
        with self.cluster.connect("tested") as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def rows(self, query: str) -> list[object]:
        with self.cluster.connect("tested") as connection:
            found = connection.execute(query.encode()).fetchall()
        return [row[0] if len(row) == 1 else row for row in found]

    def fixture(self, owner: str, *statements: str) -> Layer:
        """Set a fixture up that wrote, and go on with a test."""
        self.run(*statements)
        layer = self.layers.push(owner, nullcontext)
        self.isolation.hand_over()
        return layer

    def end(self, layer: Layer) -> None:
        self.layers.end(layer, nullcontext)

    def next_test(self) -> None:
        self.layers.restore(nullcontext)
        self.isolation.hand_over()


@pytest.fixture(scope="session")
def cluster(shared_cache: Path) -> Iterator[Cluster]:
    binaries = find_binaries(None)
    source = prepared_data(binaries, CacheFolder.locate({"SEATRIAL_CACHE": str(shared_cache)}))
    port = ReservedPort.reserve()
    server = EmbeddedServer.start(source=source, binaries=binaries, port=port.port, options=ServerOptions())
    try:
        with psycopg.connect(server.admin_dsn(), autocommit=True) as connection:
            version = connection.info.server_version
            connection.execute("create database template")
        with psycopg.connect(server.admin_dsn("template"), autocommit=True) as connection:
            connection.execute(TEMPLATE.encode())
        role = Credential(ADMIN_ROLE, "")
        yield Cluster(
            kind="embedded",
            version=version,
            host="127.0.0.1",
            port=port.port,
            admin={
                "host": str(server.socket_dir),
                "port": port.port,
                "user": ADMIN_ROLE,
                "dbname": "postgres",
            },
            superuser=True,
            owner=role,
            app=role,
        )
    finally:
        server.stop()
        port.release()


@pytest.fixture(params=[Clones, WalReset])
def tested(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[Subject]:
    assert why_not(cluster) is None
    isolation = request.param(cluster, database="tested", template="template")
    isolation.open()
    layers = layers_apart(isolation, cluster, "tested")
    made = Subject(cluster, layers, isolation)
    made.next_test()
    yield made
    isolation.close(drop_databases=True)
