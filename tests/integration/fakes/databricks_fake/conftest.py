"""One workspace for all tests of a module, and the real SDK signed in as its people."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.core import Config

from seatrial.fakes import Fakes

A, B = "a@example.com", "b@example.com"
PEOPLE = {
    "users": {
        "a": {"email": A, "display_name": "Ada Lovelace"},
        "b": {"email": B, "groups": ["readers"]},
        "root": {"admin": True},
    },
    "service_principals": {"app": {}},
}
SignIn = Callable[[str], WorkspaceClient]


def build(databricks) -> None:
    """What every test starts from."""
    main = databricks.catalog("main", comment="all that is sold")
    sales = main.schema("sales")
    sales.table("customers", columns={"id": "BIGINT NOT NULL", "name": "STRING", "spent": "DECIMAL(10,2)"})
    sales.table("orders", columns={"id": "BIGINT", "items": "ARRAY<STRUCT<sku: STRING, n: INT>>"})
    main.schema("default")
    databricks.catalog("samples").schema("tpch").table("nation", columns={"n_name": "STRING"})
    databricks.grant_read(A, "main.sales.customers", "main.sales.orders")
    databricks.grant_read(B, "samples.tpch.nation")
    databricks.warehouse("analytics")
    databricks.endpoint("llama-4-maverick", task="llm/v1/chat")
    databricks.endpoint(
        "custom-classifier",
        predict=lambda rows: [row["amount"] > 10 for row in rows],
        inputs={"amount": "double", "country": "string"},
    )
    databricks.instance("orders-db")
    databricks.connection("crm", lambda asked: {"path": asked.path, "params": asked.params}, users=(A,))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fakes]:
    root = tmp_path_factory.mktemp("workspace")
    module = f"workspace_{os.getpid()}_{id(root)}"
    root.joinpath(f"{module}.py").write_text(Path(__file__).read_text(encoding="utf-8"), encoding="utf-8")
    fakes = Fakes({"databricks": {**PEOPLE, "workspace": f"{module}:build"}}, root=root)
    fakes.start()
    yield fakes
    fakes.stop()


@pytest.fixture
def fakes(running: Fakes) -> Iterator[Fakes]:
    running.reset()
    yield running
    assert running.problems(grace=5) == []


@pytest.fixture
def sign_in(fakes: Fakes) -> SignIn:
    """The SDK's client of a profile; it gives up soon."""
    file = fakes.part("databricks", "config_file")

    def find(profile: str) -> WorkspaceClient:
        return WorkspaceClient(
            config=Config(
                config_file=file, profile=profile, retry_timeout_seconds=20, http_timeout_seconds=20
            )
        )

    return find


@pytest.fixture
def a(sign_in: SignIn) -> WorkspaceClient:
    return sign_in("a")


@pytest.fixture
def b(sign_in: SignIn) -> WorkspaceClient:
    return sign_in("b")


@pytest.fixture
def root(sign_in: SignIn) -> WorkspaceClient:
    return sign_in("root")


@pytest.fixture
def warehouse(fakes: Fakes) -> str:
    return str(fakes.databricks.warehouse("analytics").id)
