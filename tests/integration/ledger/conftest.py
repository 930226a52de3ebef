"""A server with one table, and a recorder that hears the drivers of this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from seatrial.app.origin import CURRENT
from seatrial.ledger import Ledger, LedgerFiles, Recorder, Statement, read
from seatrial.ledger.recorder import Sender
from seatrial.ledger.sql.hooks import SqlHooks, take_out
from tests.support.server import running_server

PASSWORD = "listen-hard"
TEST = "test_of_a_driver"


@pytest.fixture(scope="session")
def dsn(shared_cache: Path) -> Iterator[str]:
    """The address of a database with the table `items`."""
    roles = f"create role sailor superuser login password '{PASSWORD}'"
    with running_server(shared_cache, roles=roles) as server:
        with psycopg.connect(server.admin_dsn(), autocommit=True) as connection:
            connection.execute("create table items (id int generated always as identity, name text)")
        yield f"postgresql://sailor:{PASSWORD}@127.0.0.1:{server.port}/postgres"


class Hearing:
    """What was heard since the beginning of the test."""

    def __init__(self, path: Path) -> None:
        self.files = LedgerFiles(path)
        self.files.open()
        self.recorder = Recorder(self.files.descriptor())
        self.recorder.begin(versions={}, settings={})
        self.recorder.begin_test(TEST)
        self.hooks = SqlHooks(self.recorder, self._sender)
        self.hooks.install()
        self._ledger: Ledger | None = None

    def _sender(self) -> Sender:
        origin = CURRENT.get()
        return Sender("test") if origin is None else Sender("application", origin.number)

    @property
    def ledger(self) -> Ledger:
        """Everything, after which nothing is heard any more."""
        if self._ledger is None:
            self.close()
            self.files.finish()
            self._ledger = read(self.files.path)
        return self._ledger

    @property
    def statements(self) -> list[Statement]:
        return self.ledger.statements

    @property
    def texts(self) -> list[str]:
        return [self.ledger.sql(statement) for statement in self.ledger.statements]

    def close(self) -> None:
        self.hooks.remove()
        take_out()
        self.recorder.close()


@pytest.fixture
def hearing(tmp_path: Path) -> Iterator[Hearing]:
    heard = Hearing(tmp_path / "run.jsonl")
    yield heard
    heard.close()
    heard.files.discard()
