"""A server that is not ours, on which transactions can be prepared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from seatrial.postgres.cache import CacheFolder
from seatrial.postgres.server import EmbeddedServer, ReservedPort, ServerOptions, find_binaries, prepared_data

Connect = Callable[[], psycopg.Connection[tuple[object, ...]]]


@pytest.fixture(scope="session")
def server(shared_cache: Path) -> Iterator[str]:
    """The connection string of its superuser."""
    binaries = find_binaries(None)
    source = prepared_data(binaries, CacheFolder.locate({"SEATRIAL_CACHE": str(shared_cache)}))
    port = ReservedPort.reserve()
    options = ServerOptions(settings={"max_prepared_transactions": "4"})
    running = EmbeddedServer.start(source=source, binaries=binaries, port=port.port, options=options)
    try:
        with psycopg.connect(running.admin_dsn(), autocommit=True) as connection:
            connection.execute("create role maker login createdb password 'secret'")
        yield running.admin_dsn()
    finally:
        running.stop()
        port.release()


@pytest.fixture
def connect(server: str) -> Iterator[Connect]:
    """Opens sessions that are closed after the test."""
    opened: list[psycopg.Connection[tuple[object, ...]]] = []

    def open_one() -> psycopg.Connection[tuple[object, ...]]:
        opened.append(psycopg.connect(server))
        return opened[-1]

    yield open_one
    for connection in opened:
        connection.close()
