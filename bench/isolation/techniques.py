"""The techniques that are compared: a conftest, the body of its tests, and what pytest is told."""

from __future__ import annotations

from dataclasses import dataclass

_ASYNCIO = (
    *("-p", "pytest_asyncio.plugin", "-o", "asyncio_mode=auto"),
    *("-o", "asyncio_default_fixture_loop_scope=session", "-o", "asyncio_default_test_loop_scope=session"),
)
_ASYNCIO_PER_TEST = (
    *("-p", "pytest_asyncio.plugin", "-o", "asyncio_mode=auto"),
    *("-o", "asyncio_default_fixture_loop_scope=function"),
)
_DJANGO = ("-p", "pytest_django.plugin", "--ds", "bench.isolation.suites.django_settings", "--create-db")
# Without the flag, one interrupted run leaves a template behind that every later run stumbles over.
_PYTEST_POSTGRESQL = ("-p", "pytest_postgresql.plugin", "--postgresql-drop-test-database")
_METADATA = 'schema = { metadata = "bench.isolation.suites.models:Base.metadata" }'


@dataclass(frozen=True, kw_only=True)
class Technique:
    """One way to a clean database for every test."""

    name: str
    conftest: str
    """A file of `suites`."""
    body: str = "synchronous"
    """A file of `suites/bodies`."""
    arguments: tuple[str, ...] = ()
    settings: str = ""
    """`[tool.seatrial.database]`, for ours only."""
    driver: str = "postgresql+psycopg"
    needs: str = ""
    """A module that is installed by `make bench` only."""


PLAIN = Technique(name="plain pytest, no database", conftest="plain", body="plain")
UNISOLATED = Technique(name="the statements alone, no isolation", conftest="unisolated", body="unisolated")
RESET = Technique(
    name="seatrial, `reset`", conftest="seatrial_sync", settings=f'{_METADATA}\nisolation = "reset"'
)
IDLE = Technique(
    name="seatrial, `reset`, nothing written",
    conftest="seatrial_sync",
    body="idle",
    settings=f'{_METADATA}\nisolation = "reset"',
)
RESET_ASYNC = Technique(
    name="seatrial, `reset`, asyncpg",
    conftest="seatrial_async",
    body="asynchronous",
    arguments=_ASYNCIO,
    settings=f'{_METADATA}\nisolation = "reset"',
    driver="postgresql+asyncpg",
)
ROLLBACK = Technique(
    name="seatrial, `rollback` (`db_session`)",
    conftest="seatrial_db_session",
    settings=f'{_METADATA}\nisolation = "rollback"',
)
ROLLBACK_ASYNC = Technique(
    name="seatrial, `rollback` (`async_db_session`)",
    conftest="seatrial_async_db_session",
    body="asynchronous",
    arguments=_ASYNCIO,
    settings=f'{_METADATA}\nisolation = "rollback"',
    driver="postgresql+asyncpg",
)
CLONE = Technique(
    name="seatrial, `clone`", conftest="seatrial_sync", settings=f'{_METADATA}\nisolation = "clone"'
)
SQLITE = Technique(
    name="seatrial on SQLite",
    conftest="seatrial_sync",
    settings=f'{_METADATA}\nengine = "sqlite"',
    driver="sync",
)
RECIPE = Technique(name="SQLAlchemy's rollback recipe", conftest="rollback_sync")
RECIPE_ASYNC = Technique(
    name="SQLAlchemy's rollback recipe, asyncpg",
    conftest="rollback_async",
    body="asynchronous",
    arguments=_ASYNCIO,
)
RECIPE_NEW_ENGINE = Technique(
    name="SQLAlchemy's rollback recipe, asyncpg, an engine per test",
    conftest="rollback_async_new_engine",
    body="asynchronous",
    arguments=_ASYNCIO_PER_TEST,
)
DJANGO_ROLLED_BACK = Technique(
    name="pytest-django, TestCase style", conftest="django", body="django_rolled_back", arguments=_DJANGO
)
DELETE = Technique(name="DELETE from all tables", conftest="delete_all")
TRUNCATE = Technique(name="TRUNCATE of all tables", conftest="truncate_all")
DJANGO_COMMITTED = Technique(
    name="pytest-django, TransactionTestCase style",
    conftest="django",
    body="django_committed",
    arguments=_DJANGO,
)
CREATE_DROP = Technique(name="create_all and drop_all", conftest="create_drop_sync")
CREATE_DROP_ASYNC = Technique(
    name="create_all and drop_all, asyncpg",
    conftest="create_drop_async",
    body="asynchronous",
    arguments=_ASYNCIO,
)
PYTEST_POSTGRESQL = Technique(
    name="pytest-postgresql (a clone per test)",
    conftest="pytest_postgresql_clone",
    arguments=_PYTEST_POSTGRESQL,
    needs="pytest_postgresql",
)
SQLITE_MEMORY = Technique(name="SQLite in memory, create_all", conftest="sqlite_memory")

OURS = (IDLE, RESET, RESET_ASYNC, ROLLBACK, ROLLBACK_ASYNC, CLONE, SQLITE)
PEERS = (
    *(RECIPE, RECIPE_ASYNC, RECIPE_NEW_ENGINE, DJANGO_ROLLED_BACK, DELETE, SQLITE_MEMORY, TRUNCATE),
    *(DJANGO_COMMITTED, CREATE_DROP, CREATE_DROP_ASYNC, PYTEST_POSTGRESQL),
)
