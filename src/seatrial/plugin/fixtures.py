"""The fixtures under their long names. All are synchronous, so they work under every asyncio plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from seatrial.plugin.explaining import fail_with, failing_plainly
from seatrial.plugin.state import TRIAL

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import Session

    from seatrial.app import AsyncClient, Client
    from seatrial.fakes import Fakes
    from seatrial.identities import Identities
    from seatrial.postgres.handle import Handle
    from seatrial.sqlite.handle import Handle as SqliteHandle
    from seatrial.trial import Trial
    from seatrial.trial.database import TestDatabase
    from seatrial.trial.isolating import Isolating
    from seatrial.trial.sqlite_database import SqliteDatabase


@pytest.fixture(scope="session")
def seatrial_trial(pytestconfig: pytest.Config) -> Trial:
    """Everything `[tool.seatrial]` describes, for this process."""
    return pytestconfig.stash[TRIAL]


@pytest.fixture
def seatrial_client(seatrial_trial: Trial) -> Iterator[Client]:
    """A synchronous HTTP client of the application: `client.as_user("admin_a").get("/...")`."""
    _beside_no_session(seatrial_trial, "client")
    with seatrial_trial.clients.client() as client:
        yield client


@pytest.fixture
def seatrial_async_client(seatrial_trial: Trial) -> AsyncClient:
    """An asynchronous HTTP client of the application, for tests on any event loop."""
    _beside_no_session(seatrial_trial, "async_client")
    return seatrial_trial.clients.async_client()


@pytest.fixture
def seatrial_app(seatrial_trial: Trial) -> Any:
    """The running application object."""
    _beside_no_session(seatrial_trial, "app")
    return seatrial_trial.runner.app


@pytest.fixture
def seatrial_run_in_app(seatrial_trial: Trial) -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Run a coroutine in the application's own event loop, where its pools and locks live."""
    _beside_no_session(seatrial_trial, "run_in_app")
    return seatrial_trial.runner.run_in_app


@pytest.fixture
def seatrial_settle(seatrial_trial: Trial) -> Callable[..., None]:
    """Wait until the work that requests left running is done: `settle()` before looking at its results."""
    _beside_no_session(seatrial_trial, "settle")
    return seatrial_trial.settle


@pytest.fixture
def seatrial_db(seatrial_trial: Trial) -> Iterator[Handle | SqliteHandle]:
    """A small synchronous handle on this test's database: `execute`, `scalar`, `rows`, `url`."""
    _beside_no_session(seatrial_trial, "db")
    handle = _database(seatrial_trial).handle()
    yield handle
    handle.close()


@pytest.fixture
def seatrial_db_session(seatrial_trial: Trial) -> Iterator[Session]:
    """A SQLAlchemy session of the application's role; under `rollback` inside one transaction."""
    isolating = _isolating(seatrial_trial)
    with failing_plainly():
        opened = isolating.open_session()
    yield opened.session
    fail_with(isolating.close_session(opened))


@pytest.fixture
def seatrial_async_db_session(seatrial_trial: Trial) -> Iterator[AsyncSession]:
    """An asynchronous SQLAlchemy session of the application's role, for tests on any asyncio loop."""
    isolating = _isolating(seatrial_trial)
    with failing_plainly():
        opened = isolating.open_async_session()
    yield opened.session
    fail_with(isolating.close_session(opened))


@pytest.fixture(scope="session")
def seatrial_shared_client(seatrial_trial: Trial) -> Iterator[Client]:
    """A synchronous client for fixtures that live longer than a test: what they add stays as long as they."""
    with seatrial_trial.clients.shared_client() as client:
        yield client


@pytest.fixture(scope="session")
def seatrial_shared_db(seatrial_trial: Trial) -> Iterator[Handle | SqliteHandle]:
    """A handle for fixtures that live longer than a test: what they add stays as long as they."""
    handle = seatrial_trial.shared_handle(_database(seatrial_trial))
    yield handle
    handle.close()


@pytest.fixture(scope="session")
def seatrial_database(seatrial_trial: Trial) -> TestDatabase | SqliteDatabase:
    """The server and the template behind the tests' databases."""
    return _database(seatrial_trial)


@pytest.fixture(scope="session")
def seatrial_empty_database(seatrial_trial: Trial) -> Callable[[], AbstractContextManager[Handle]]:
    """Makes further databases: `with empty_database() as empty:` is a handle on one, dropped after."""
    from seatrial.plugin.empty_databases import empty_databases  # noqa: PLC0415 - the driver is an extra

    _database(seatrial_trial)
    with failing_plainly():
        return empty_databases(seatrial_trial)


@pytest.fixture(scope="session")
def seatrial_identities(seatrial_trial: Trial) -> Identities:
    """The declared users, their tokens, and forged ones."""
    return seatrial_trial.callers.identities


@pytest.fixture
def seatrial_fakes(seatrial_trial: Trial) -> Fakes:
    """The declared fakes, empty at the start of every test."""
    seatrial_trial.start_fakes()
    return seatrial_trial.fakes


def _beside_no_session(trial: Trial, fixture: str) -> None:
    """A session whose work is rolled back is the only way to the database that its test may have."""
    if trial.isolating is not None:
        with failing_plainly():
            trial.isolating.refuse_in_rollback(fixture)


def _isolating(trial: Trial) -> Isolating:
    _database(trial)
    assert trial.isolating is not None  # there is a database
    return trial.isolating


def _database(trial: Trial) -> TestDatabase | SqliteDatabase:
    if trial.database is None:
        pytest.fail(
            f"this test uses the database, and {trial.settings.source} has no [tool.seatrial.database]",
            pytrace=False,
        )
    return trial.database
