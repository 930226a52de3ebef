"""The fake believed by databricks-sql-connector with its SEA backend, in an environment of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from seatrial.fakes import Fakes
from tests.support.clients import Script

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

Run = Callable[[str], Any]
TABLE = "main.sales.customers"


@pytest.fixture(scope="module")
def script(running: Fakes) -> Iterator[Script]:
    """One process for all tests: it takes seconds to import."""
    databricks = running.databricks
    token, warehouse = databricks.users["a"].token, databricks.warehouse("analytics").id
    address = f"http://{token}@{urlsplit(running.url('databricks')).netloc}/{warehouse}"
    script = Script("client_databricks_sql", address)
    yield script
    script.close()


@pytest.fixture
def run(script: Script, fakes: Fakes) -> Run:
    """Run one part of the script on the workspace as it was; what the connector made of it."""
    fakes.databricks.tables[TABLE].add((1, "Ada", "10.50"), (2, None, 0))
    return script.ask


def test_rows(run: Run) -> None:
    assert run("plain") == [["1", "Ada", "10.50"], ["2", "None", "0.00"]]


@pytest.mark.parametrize("kind", ["named", "positional"])
def test_parameters(run: Run, kind: str) -> None:
    assert run(kind) == [["Ada"]]


def test_a_session_remembers_its_schema(run: Run) -> None:
    assert run("session") == 2


def test_more_rows_than_a_chunk_has(run: Run) -> None:
    assert run("many") == 25000


def test_a_statement_that_fails(run: Run) -> None:
    told = run("failure")
    assert told["raised"] == "databricks.sql.exc.ServerOperationError"
    assert "TABLE_OR_VIEW_NOT_FOUND" in told["says"]


def test_a_token_that_nobody_has(run: Run) -> None:
    assert "403" in run("stranger")["says"]
