"""DELETE from every table after each test, in the order that references allow; sequences go on."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

from bench.isolation.suites.models import Base
from bench.isolation.suites.server import fresh_database


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    with fresh_database("delete_all") as url:
        engine = create_engine(url)
        Base.metadata.create_all(engine)
        yield engine
        engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine) as session:
        yield session
    with engine.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(table.delete())
