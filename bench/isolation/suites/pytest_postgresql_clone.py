"""pytest-postgresql on a running server: its template is cloned for each test."""

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_postgresql import factories
from sqlalchemy import NullPool, create_engine
from sqlalchemy.orm import Session

from bench.isolation.suites.models import Base
from bench.isolation.suites.server import server_url

server = server_url()


def load(*, dbname: str, **_: object) -> None:
    engine = create_engine(server.set(database=dbname), poolclass=NullPool)
    Base.metadata.create_all(engine)


running = factories.postgresql_noproc(
    host=server.host,
    port=server.port,
    user=server.username,
    password=server.password,
    dbname="pytest_postgresql",
    load=[load],
)
postgresql = factories.postgresql("running")


@pytest.fixture
def session(postgresql: Any) -> Iterator[Session]:
    engine = create_engine(server.set(database=postgresql.info.dbname), poolclass=NullPool)
    with Session(engine) as session:
        yield session
