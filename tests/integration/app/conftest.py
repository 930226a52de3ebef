"""Applications in runners that are always stopped, and a scratch PostgreSQL server."""

from __future__ import annotations

import threading
import time

import psycopg
import pytest

from seatrial.app import AppRunner, AsyncClient, Client, LoadedApp
from tests.support.server import running_server

PASSWORD = "hoist-away"


def headers_of(identity):
    return {"x-user": str(identity)}


class Trial:
    """A running application and the clients a test asks of it."""

    def __init__(self, app, kind, **options):
        self.runner = AppRunner(lambda: LoadedApp(app=app, kind=kind, path="test:app"), **options)
        self._clients = []

    @property
    def client(self):
        client = Client(
            transport=self.runner.sync_transport(), base_url=self.runner.base_url, authenticate=headers_of
        )
        self._clients.append(client)
        return client

    def async_client(self):
        return AsyncClient(
            transport=self.runner.async_transport(), base_url=self.runner.base_url, authenticate=headers_of
        )

    def close(self):
        for client in self._clients:
            client.close()
        self.runner.stop()


@pytest.fixture
def trial():
    """Make trials; whatever a test does, they are stopped and leave no thread behind."""
    before = set(threading.enumerate())
    made = []

    def make(app, kind="asgi3", **options):
        made.append(Trial(app, kind, **options))
        return made[-1]

    yield make
    for item in made:
        item.close()
    # trio keeps idle threads for ten seconds; Litestar's import starts a thread for its log queue.
    left = {
        t for t in set(threading.enumerate()) - before if "Trio" not in t.name and "_monitor" not in t.name
    }
    for thread in left:
        thread.join(2)
    assert [thread for thread in left if thread.is_alive()] == []


class Scratch:
    """A server whose database ``shop`` can be replaced by a fresh clone of its template."""

    def __init__(self, port, admin):
        self.port = port
        self._admin = admin
        self.addresses = {("127.0.0.1", port)}

    def url(self, driver="postgresql"):
        return f"{driver}://sailor:{PASSWORD}@127.0.0.1:{self.port}/shop"

    def swap(self):
        """End all sessions of the database and put a clone of the template in its place."""
        run = self._admin.execute
        # Asked again and again: a session that was only beginning does not hear the first time.
        end = run("select pg_terminate_backend(pid) from pg_stat_activity where datname = 'shop'")
        while end.fetchall():
            time.sleep(0.000_5)
            end = run("select pg_terminate_backend(pid) from pg_stat_activity where datname = 'shop'")
        run("drop database if exists shop")
        run("create database shop template shop_template strategy file_copy")


@pytest.fixture(scope="session")
def scratch(shared_cache):
    roles = f"create role sailor superuser login password '{PASSWORD}'"
    with (
        running_server(shared_cache, roles=roles) as running,
        psycopg.connect(running.admin_dsn(), autocommit=True) as admin,
    ):
        admin.execute("create database shop_template")
        with psycopg.connect(running.admin_dsn("shop_template"), autocommit=True) as seed:
            seed.execute("create table items (id int primary key generated always as identity, name text)")
            seed.execute("insert into items (name) values ('rope'), ('sail')")
        server = Scratch(running.port, admin)
        server.swap()
        yield server
