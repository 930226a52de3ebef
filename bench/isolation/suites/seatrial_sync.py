"""seatrial, whatever `isolation` its settings name: an engine with its pool, as an application has it."""

import os
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    engine = create_engine(os.environ["DATABASE_URL"])
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: Engine, seatrial_db: object) -> Iterator[Session]:  # noqa: ARG001 - binds the test
    with Session(engine) as session:
        yield session
