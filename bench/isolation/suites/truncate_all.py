"""TRUNCATE of all tables in one statement after each test."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session

from bench.isolation.suites.models import Base
from bench.isolation.suites.server import fresh_database

names = ", ".join(Base.metadata.tables)


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    with fresh_database("truncate_all") as url:
        engine = create_engine(url)
        Base.metadata.create_all(engine)
        yield engine
        engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine) as session:
        yield session
    with engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
