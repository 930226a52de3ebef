"""No isolation: one database for all tests, and nobody cleans up."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

from bench.isolation.suites.models import Base
from bench.isolation.suites.server import fresh_database


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    with fresh_database("unisolated") as url:
        engine = create_engine(url)
        Base.metadata.create_all(engine)
        yield engine
        engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine) as session:
        yield session
