"""The fixtures under their long names. All are synchronous, so they work under every asyncio plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from seatrial.plugin.state import TRIAL

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from seatrial.app import AsyncClient, Client
    from seatrial.fakes import Fakes
    from seatrial.identities import Identities
    from seatrial.postgres.handle import Handle
    from seatrial.sqlite.handle import Handle as SqliteHandle
    from seatrial.trial import Trial
    from seatrial.trial.database import TestDatabase
    from seatrial.trial.sqlite_database import SqliteDatabase


@pytest.fixture(scope="session")
def seatrial_trial(pytestconfig: pytest.Config) -> Trial:
    """Everything `[tool.seatrial]` describes, for this process."""
    return pytestconfig.stash[TRIAL]


@pytest.fixture
def seatrial_client(seatrial_trial: Trial) -> Iterator[Client]:
    """A synchronous HTTP client of the application: `client.as_user("admin_a").get("/...")`."""
    with seatrial_trial.client() as client:
        yield client


@pytest.fixture
def seatrial_async_client(seatrial_trial: Trial) -> AsyncClient:
    """An asynchronous HTTP client of the application, for tests on any event loop."""
    return seatrial_trial.async_client()


@pytest.fixture
def seatrial_app(seatrial_trial: Trial) -> Any:
    """The running application object."""
    return seatrial_trial.runner.app


@pytest.fixture
def seatrial_run_in_app(seatrial_trial: Trial) -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Run a coroutine in the application's own event loop, where its pools and locks live."""
    return seatrial_trial.runner.run_in_app


@pytest.fixture
def seatrial_settle(seatrial_trial: Trial) -> Callable[..., None]:
    """Wait until the work that requests left running is done: `settle()` before looking at its results."""
    return seatrial_trial.settle


@pytest.fixture
def seatrial_db(seatrial_trial: Trial) -> Iterator[Handle | SqliteHandle]:
    """A small synchronous handle on this test's database: `execute`, `scalar`, `rows`, `url`."""
    handle = _database(seatrial_trial).handle()
    yield handle
    handle.close()


@pytest.fixture(scope="session")
def seatrial_database(seatrial_trial: Trial) -> TestDatabase | SqliteDatabase:
    """The server and the template behind the tests' databases."""
    return _database(seatrial_trial)


@pytest.fixture(scope="session")
def seatrial_identities(seatrial_trial: Trial) -> Identities:
    """The declared users, their tokens, and forged ones."""
    return seatrial_trial.identities


@pytest.fixture
def seatrial_fakes(seatrial_trial: Trial) -> Fakes:
    """The declared fakes, empty at the start of every test."""
    seatrial_trial.start_fakes()
    return seatrial_trial.fakes


def _database(trial: Trial) -> TestDatabase | SqliteDatabase:
    if trial.database is None:
        pytest.fail(
            f"this test uses the database, and {trial.settings.source} has no [tool.seatrial.database]",
            pytrace=False,
        )
    return trial.database
