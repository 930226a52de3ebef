"""The server that all suites but ours share: its address, and databases on it."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from sqlalchemy import NullPool, create_engine, make_url, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL

COUNT = "BENCH_COUNT"
"""The variable with the number of tests."""
SERVER = "BENCH_SERVER"
"""The variable with the server's URL; its user may create databases."""

NUMBERS = range(int(os.environ.get(COUNT, "1")))


def server_url() -> URL:
    """The server, with the driver psycopg."""
    return make_url(os.environ[SERVER])


@contextlib.contextmanager
def fresh_database(name: str) -> Iterator[URL]:
    """Make an empty database, and drop it in the end."""
    admin = create_engine(server_url(), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name}"))
        yield server_url().set(database=name)
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
