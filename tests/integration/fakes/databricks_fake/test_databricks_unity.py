"""Unity Catalog: what a caller sees of catalogs, schemas and tables, and how they come and go."""

from __future__ import annotations

import json

import pytest
import requests
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import (
    BadRequest,
    InvalidParameterValue,
    NotFound,
    PermissionDenied,
)
from databricks.sdk.service.catalog import TableInfo

from seatrial.errors import FakeError
from tests.integration.fakes.databricks_fake.conftest import A, B

UNITY = "/api/2.1/unity-catalog"


def names(found) -> list[str]:
    return [one.full_name or one.name for one in found]


def test_everybody_sees_what_they_may_use(
    a: WorkspaceClient, b: WorkspaceClient, root: WorkspaceClient
) -> None:
    assert names(a.catalogs.list()) == ["main"]
    assert names(b.catalogs.list()) == ["samples"]
    assert names(root.catalogs.list()) == ["main", "samples"]
    assert names(a.schemas.list("main")) == ["main.sales"]
    assert names(root.schemas.list("main")) == ["main.default", "main.sales"]
    assert names(a.tables.list("main", "sales")) == ["main.sales.customers", "main.sales.orders"]
    assert names(b.tables.list_summaries("samples")) == ["samples.tpch.nation"]


def test_the_columns_of_a_table(a: WorkspaceClient) -> None:
    table = a.tables.get("main.sales.customers")
    told = [(one.name, one.type_text, one.type_name.value, one.nullable) for one in table.columns]
    assert told == [
        ("id", "bigint", "LONG", False),
        ("name", "string", "STRING", True),
        ("spent", "decimal(10,2)", "DECIMAL", True),
    ]
    assert (table.columns[2].type_precision, table.columns[2].type_scale) == (10, 2)
    (_, items) = a.tables.get("main.sales.orders").columns
    assert items.type_text == "array<struct<sku:string,n:int>>"
    spark = json.loads(items.type_json)
    assert spark["type"]["elementType"]["fields"][0] == {
        "name": "sku",
        "type": "string",
        "nullable": True,
        "metadata": {},
    }


def test_nothing_is_lost_on_the_way_through_the_sdk(fakes, a: WorkspaceClient) -> None:
    """An unknown value becomes None and an unknown field vanishes, both silently."""
    raw = requests.get(
        f"{fakes.url('databricks')}{UNITY}/tables/main.sales.customers",
        headers=a.config.authenticate(),
        timeout=20,
    ).json()
    assert TableInfo.from_dict(raw).as_dict() == raw


@pytest.mark.parametrize(
    ("ask", "error", "says"),
    [
        (lambda it: list(it.schemas.list("main")), PermissionDenied, "USE CATALOG on Catalog 'main'"),
        (lambda it: list(it.tables.list("main", "sales")), PermissionDenied, "USE CATALOG on Catalog 'main'"),
        (lambda it: it.tables.get("main.sales.customers"), PermissionDenied, "USE CATALOG on Catalog 'main'"),
        (
            lambda it: it.tables.get("samples.tpch.region"),
            NotFound,
            "Table 'samples.tpch.region' does not exist",
        ),
        (lambda it: it.tables.get("samples.x.y"), NotFound, "Schema 'samples.x' does not exist"),
        (lambda it: it.tables.get("x.y.z"), NotFound, "Catalog 'x' does not exist"),
        (lambda it: list(it.schemas.list("x")), NotFound, "Catalog 'x' does not exist"),
        (lambda it: it.catalogs.get("main"), PermissionDenied, "USE CATALOG on Catalog 'main'"),
        (lambda it: it.schemas.get("main.sales"), PermissionDenied, "USE CATALOG on Catalog 'main'"),
        (lambda it: it.catalogs.create("mine"), PermissionDenied, "CREATE CATALOG on Metastore"),
    ],
)
def test_what_is_not_there_and_what_is_not_allowed(b: WorkspaceClient, ask, error, says: str) -> None:
    with pytest.raises(error, match=says):
        ask(b)


def test_the_way_to_a_table_is_needed_too(fakes, b: WorkspaceClient) -> None:
    fakes.databricks.grant(B, "SELECT", on="main.sales.customers")
    with pytest.raises(PermissionDenied, match="USE CATALOG on Catalog 'main'"):
        b.tables.get("main.sales.customers")
    fakes.databricks.grant(B, "USE_CATALOG", on="main")
    with pytest.raises(PermissionDenied, match=r"USE SCHEMA on Schema 'main\.sales'"):
        b.tables.get("main.sales.customers")
    assert names(b.schemas.list("main")) == []
    fakes.databricks.grant(B, "use schema", on="main.sales")
    assert b.tables.get("main.sales.customers").full_name == "main.sales.customers"
    assert names(b.tables.list("main", "sales")) == ["main.sales.customers"]


def test_a_grant_is_gone_in_the_middle_of_a_test(fakes, a: WorkspaceClient) -> None:
    assert a.tables.get("main.sales.customers")
    fakes.databricks.revoke(A, "SELECT", on="main.sales.customers")
    with pytest.raises(PermissionDenied, match=r"SELECT on Table 'main\.sales\.customers'"):
        a.tables.get("main.sales.customers")
    assert names(a.tables.list("main", "sales")) == ["main.sales.orders"]
    fakes.databricks.reset()
    assert a.tables.get("main.sales.customers")


@pytest.mark.parametrize(("on", "privilege"), [("main", "ALL_PRIVILEGES"), ("main.sales", "SELECT")])
def test_what_is_granted_above_holds_below(fakes, b: WorkspaceClient, on: str, privilege: str) -> None:
    fakes.databricks.grant("readers", "USE_CATALOG", "USE_SCHEMA", on="main")
    fakes.databricks.grant("readers", privilege, on=on)
    assert names(b.tables.list("main", "sales")) == ["main.sales.customers", "main.sales.orders"]


def test_browsing_is_not_reading(fakes, b: WorkspaceClient) -> None:
    fakes.databricks.grant("account users", "BROWSE", on="main")
    assert names(b.catalogs.list()) == ["main", "samples"]
    with pytest.raises(PermissionDenied):
        b.tables.get("main.sales.customers")


def test_names_in_any_case_and_with_backticks(a: WorkspaceClient) -> None:
    assert a.tables.get("MAIN.Sales.`customers`").full_name == "main.sales.customers"


@pytest.mark.parametrize(
    "name", ["main.sales.no such", "main.sales.naïve", "main.sales.o'neil", 'main.sales."q"', "main.a.b.c"]
)
def test_odd_names_are_not_found(a: WorkspaceClient, name: str) -> None:
    with pytest.raises(NotFound, match="does not exist"):
        a.tables.get(name)


def test_a_table_with_a_name_in_unicode(fakes, root: WorkspaceClient) -> None:
    schema = fakes.databricks.catalog("main").schema("größe")
    schema.table("日本", columns={"città": "STRING"})
    table = root.tables.get("main.größe.日本")
    assert (table.full_name, table.columns[0].name) == ("main.größe.日本", "città")


@pytest.mark.parametrize("name", ["a.b", "a b", "a/b", "", "a\x00b", "x" * 256, None])
def test_names_that_unity_catalog_does_not_take(fakes, root: WorkspaceClient, name) -> None:
    with pytest.raises(FakeError) as refused:
        fakes.databricks.catalog(name)
    assert refused.value.code == "fakes.databricks-name"
    with pytest.raises(InvalidParameterValue):
        root.catalogs.create(name)


def test_catalogs_and_schemas_come_and_go(fakes, root: WorkspaceClient, a: WorkspaceClient) -> None:
    root.catalogs.create("main_copy", comment="for a while")
    with pytest.raises(BadRequest, match="already exists"):
        root.catalogs.create("main_copy")
    made = root.schemas.create("drafts", "main_copy", properties={"team": "data"})
    assert (made.full_name, made.properties) == ("main_copy.drafts", {"team": "data"})
    root.schemas.update("main_copy.drafts", comment="nothing yet")
    assert root.schemas.get("main_copy.drafts").comment == "nothing yet"
    assert names(root.schemas.list("main_copy")) == ["main_copy.default", "main_copy.drafts"]
    with pytest.raises(BadRequest, match="is not empty"):
        root.catalogs.delete("main_copy")
    with pytest.raises(PermissionDenied):
        a.catalogs.delete("main_copy", force=True)
    root.catalogs.delete("main_copy", force=True)
    with pytest.raises(NotFound):
        root.schemas.get("main_copy.drafts")
    root.tables.delete("samples.tpch.nation")
    assert not root.tables.exists("samples.tpch.nation").table_exists
    fakes.databricks.reset()
    assert root.tables.exists("samples.tpch.nation").table_exists


def test_a_catalog_is_described_and_changed(root: WorkspaceClient, a: WorkspaceClient) -> None:
    assert a.catalogs.get("main").comment == "all that is sold"
    root.catalogs.update("main", comment="all that was sold", owner=A)
    assert (a.catalogs.get("main").comment, a.catalogs.get("main").owner) == ("all that was sold", A)
    # Who owns it may do what they like with what is in it.
    assert "main.default" in names(a.schemas.list("main"))


def test_owners_need_no_grant(fakes, a: WorkspaceClient) -> None:
    fakes.databricks.grant(A, "CREATE_SCHEMA", on="main")
    a.schemas.create("own", "main")
    assert "main.own" in names(a.schemas.list("main"))
    a.schemas.delete("main.own")
    with pytest.raises(NotFound):
        a.schemas.get("main.own")


class TestPages:
    @pytest.fixture(autouse=True)
    def many(self, fakes) -> None:
        fakes.databricks.page_size = 3
        main = fakes.databricks.catalog("main")
        for number in range(8):
            main.schema(f"s{number}")

    def ask(self, fakes, who: WorkspaceClient, **query: object) -> requests.Response:
        return requests.get(
            f"{fakes.url('databricks')}{UNITY}/schemas",
            params={"catalog_name": "main", **query},
            headers=who.config.authenticate(),
            timeout=20,
        )

    def test_the_sdk_reads_them_all(self, fakes, root: WorkspaceClient) -> None:
        assert len(names(root.schemas.list("main"))) == 10
        pages = fakes.databricks.calls(path=f"{UNITY}/schemas")
        assert len(pages) == 4
        assert pages[0].query["max_results"] == ["0"]

    def test_a_page_is_at_most_as_long_as_asked_for(self, fakes, root: WorkspaceClient) -> None:
        assert len(self.ask(fakes, root, max_results=2).json()["schemas"]) == 2
        assert len(self.ask(fakes, root, max_results=10**12).json()["schemas"]) == 3
        # Without max_results there are no pages, as documented.
        assert len(self.ask(fakes, root).json()["schemas"]) == 10

    def test_what_comes_between_two_pages_shifts_nothing(self, fakes, root: WorkspaceClient) -> None:
        first = self.ask(fakes, root, max_results=0).json()
        fakes.databricks.catalog("main").schema("aaa")
        second = self.ask(fakes, root, max_results=0, page_token=first["next_page_token"]).json()
        told = [one["name"] for one in (*first["schemas"], *second["schemas"])]
        assert told == ["default", "s0", "s1", "s2", "s3", "s4"]

    @pytest.mark.parametrize("query", [{"max_results": -1}, {"max_results": "x"}, {"page_token": "x"}])
    def test_what_is_no_page(self, fakes, root: WorkspaceClient, query: dict[str, object]) -> None:
        answer = self.ask(fakes, root, **query)
        assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")

    def test_a_token_of_another_list(self, fakes, root: WorkspaceClient) -> None:
        token = self.ask(fakes, root, max_results=1).json()["next_page_token"]
        with pytest.raises(InvalidParameterValue, match="page token"):
            list(root.tables.list("main", "sales", page_token=token))

    def test_an_empty_list_is_an_empty_object(self, root: WorkspaceClient, fakes) -> None:
        schema = fakes.databricks.catalog("empty").schema("default")
        assert list(root.tables.list("empty", schema.full_name.partition(".")[2])) == []
