"""A PostgreSQL server beside the code under test, with the roles that a test asks for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from seatrial.postgres.cache import CacheFolder
from seatrial.postgres.server import EmbeddedServer, ReservedPort, ServerOptions, find_binaries, prepared_data


@contextmanager
def running_server(cache: Path, *, roles: str = "", binaries: str | None = None) -> Iterator[EmbeddedServer]:
    """Serve a fresh data directory, in which the statements `roles` were run."""
    found = find_binaries(binaries)
    source = prepared_data(found, CacheFolder.locate({"SEATRIAL_CACHE": str(cache)}))
    port = ReservedPort.reserve()
    server = EmbeddedServer.start(source=source, binaries=found, port=port.port, options=ServerOptions())
    try:
        with psycopg.connect(server.admin_dsn(), autocommit=True) as connection:
            connection.execute(roles.encode())
        yield server
    finally:
        server.stop()
        port.release()
