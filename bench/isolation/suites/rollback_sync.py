"""SQLAlchemy's recipe: the session joins an external transaction, which is rolled back."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

from bench.isolation.suites.models import Base
from bench.isolation.suites.server import fresh_database


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    with fresh_database("rollback_sync") as url:
        engine = create_engine(url)
        Base.metadata.create_all(engine)
        yield engine
        engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with engine.connect() as connection:
        outer = connection.begin()
        with Session(bind=connection, join_transaction_mode="create_savepoint") as session:
            yield session
        outer.rollback()
