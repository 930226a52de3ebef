"""The short fixture names, one line each: `client` is `seatrial_client`."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def client(seatrial_client: Any) -> Any:
    """A synchronous HTTP client of the application; short for `seatrial_client`."""
    return seatrial_client


@pytest.fixture
def async_client(seatrial_async_client: Any) -> Any:
    """An asynchronous HTTP client of the application; short for `seatrial_async_client`."""
    return seatrial_async_client


@pytest.fixture
def app(seatrial_app: Any) -> Any:
    """The running application object; short for `seatrial_app`."""
    return seatrial_app


@pytest.fixture
def run_in_app(seatrial_run_in_app: Any) -> Any:
    """Run a coroutine in the application's own event loop; short for `seatrial_run_in_app`."""
    return seatrial_run_in_app


@pytest.fixture
def settle(seatrial_settle: Any) -> Any:
    """Wait until the work that requests left running is done; short for `seatrial_settle`."""
    return seatrial_settle


@pytest.fixture
def db(seatrial_db: Any) -> Any:
    """A small handle on this test's database; short for `seatrial_db`."""
    return seatrial_db


@pytest.fixture
def db_session(seatrial_db_session: Any) -> Any:
    """A SQLAlchemy session of the application's role; short for `seatrial_db_session`."""
    return seatrial_db_session


@pytest.fixture
def async_db_session(seatrial_async_db_session: Any) -> Any:
    """An asynchronous SQLAlchemy session of the application's role; short for `seatrial_async_db_session`."""
    return seatrial_async_db_session


@pytest.fixture(scope="session")
def shared_client(seatrial_shared_client: Any) -> Any:
    """A synchronous client for fixtures of a wider scope; short for `seatrial_shared_client`."""
    return seatrial_shared_client


@pytest.fixture(scope="session")
def shared_db(seatrial_shared_db: Any) -> Any:
    """A handle on the database for fixtures of a wider scope; short for `seatrial_shared_db`."""
    return seatrial_shared_db


@pytest.fixture(scope="session")
def database(seatrial_database: Any) -> Any:
    """The server and the template; short for `seatrial_database`."""
    return seatrial_database


@pytest.fixture(scope="session")
def empty_database(seatrial_empty_database: Any) -> Any:
    """Makes further databases, dropped after use; short for `seatrial_empty_database`."""
    return seatrial_empty_database


@pytest.fixture(scope="session")
def identities(seatrial_identities: Any) -> Any:
    """The declared users and their tokens; short for `seatrial_identities`."""
    return seatrial_identities


@pytest.fixture
def fakes(seatrial_fakes: Any) -> Any:
    """The declared fakes, empty at the start of every test; short for `seatrial_fakes`."""
    return seatrial_fakes
