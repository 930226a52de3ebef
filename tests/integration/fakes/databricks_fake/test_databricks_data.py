"""Statements of the real SDK on real rows: as their caller, and followed by Unity Catalog."""

from __future__ import annotations

from pathlib import Path

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound
from databricks.sdk.service.sql import StatementParameterListItem, StatementState

from seatrial.errors import FakeError
from tests.integration.fakes.databricks_fake.conftest import A, B

TABLE = "main.sales.customers"


@pytest.fixture
def rows(fakes):
    fakes.databricks.tables[TABLE].add((1, "Ada", "10.50"), {"id": 2, "name": None, "spent": 0})
    return fakes.databricks.tables[TABLE]


def run(who: WorkspaceClient, warehouse: str, statement: str, **options):
    # The first one of a process imports what translates it, which takes its time on a busy machine.
    return who.statement_execution.execute_statement(
        statement, warehouse, **{"wait_timeout": "50s", **options}
    )


def failure(who: WorkspaceClient, warehouse: str, statement: str) -> str:
    done = run(who, warehouse, statement)
    assert done.status.state is StatementState.FAILED, done
    return done.status.error.message


def test_rows_are_read(rows, a: WorkspaceClient, warehouse: str) -> None:
    done = run(a, warehouse, f"select * from {TABLE} order by id")
    assert done.result.data_array == [["1", "Ada", "10.50"], ["2", None, "0.00"]]
    assert [one.type_text for one in done.manifest.schema.columns] == ["BIGINT", "STRING", "DECIMAL(10,2)"]


def test_parameters_are_values(rows, a: WorkspaceClient, warehouse: str) -> None:
    evil = StatementParameterListItem(name="name", value="Ada' or '1'='1")
    assert (
        run(a, warehouse, f"select id from {TABLE} where name = :name", parameters=[evil]).result.data_array
        is None
    )
    number = StatementParameterListItem(name="id", value="1", type="BIGINT")
    found = run(
        a,
        warehouse,
        "select name from customers where id = :id",
        parameters=[number],
        catalog="main",
        schema="sales",
    )
    assert found.result.data_array == [["Ada"]]


def test_each_caller_has_their_own_rights(fakes, rows, a, b, warehouse: str) -> None:
    assert "User does not have USE CATALOG on Catalog 'main'" in failure(
        b, warehouse, f"select * from {TABLE}"
    )
    insert = f"insert into {TABLE} values (3, 'Grace', 1)"
    assert f"User does not have MODIFY on Table '{TABLE}'" in failure(a, warehouse, insert)
    fakes.databricks.grant(A, "MODIFY", on=TABLE)
    assert run(a, warehouse, insert).status.state is StatementState.SUCCEEDED
    fakes.databricks.revoke(A, "SELECT", on=TABLE)
    assert "SQLSTATE: 42501" in failure(a, warehouse, f"select * from {TABLE}")
    assert "SELECT on Table" in failure(a, warehouse, f"select * from (select id from {TABLE}) x")
    assert len(rows.rows) == 3
    assert "CREATE TABLE on Schema 'main.sales'" in failure(
        a, warehouse, "create table main.sales.mine (id int)"
    )
    assert "CREATE CATALOG" in failure(a, warehouse, "create catalog mine")
    assert "MANAGE on Table" in failure(a, warehouse, f"drop table {TABLE}")


@pytest.mark.usefixtures("rows")
def test_a_view_needs_no_rights_on_what_is_below(fakes, b, root, warehouse: str) -> None:
    run(root, warehouse, f"create view samples.tpch.names as select name from {TABLE}")
    fakes.databricks.grant(B, "SELECT", on="samples.tpch.names")
    found = run(b, warehouse, "select name from samples.tpch.names order by name nulls last")
    assert found.result.data_array == [["Ada"], [None]]
    assert root.tables.get("samples.tpch.names").table_type.value == "VIEW"


def test_unity_catalog_follows(
    fakes, rows, root: WorkspaceClient, a: WorkspaceClient, warehouse: str
) -> None:
    run(root, warehouse, f"create table main.sales.vip as select id, name from {TABLE} where spent > 5")
    made = root.tables.get("main.sales.vip")
    assert [(one.name, one.type_name.value) for one in made.columns] == [("id", "LONG"), ("name", "STRING")]
    assert made.owner == "root@example.com"
    run(root, warehouse, "alter table main.sales.vip add column since date")
    assert [one.name for one in root.tables.get("main.sales.vip").columns] == ["id", "name", "since"]
    run(root, warehouse, "alter table main.sales.vip rename to main.sales.best")
    assert root.tables.exists("main.sales.best").table_exists
    run(root, warehouse, "drop table main.sales.best")
    with pytest.raises(NotFound):
        root.tables.get("main.sales.best")
    run(root, warehouse, "create schema main.drafts")
    assert "main.drafts" in [one.full_name for one in root.schemas.list("main")]
    assert run(a, warehouse, "show schemas in main").result.data_array == [["information_schema"], ["sales"]]


def test_the_other_way_round(rows, root: WorkspaceClient, warehouse: str) -> None:
    root.schemas.create("drafts", "main")
    assert (
        run(root, warehouse, "create table main.drafts.x (id int)").status.state is StatementState.SUCCEEDED
    )
    root.tables.delete(TABLE)
    assert "TABLE_OR_VIEW_NOT_FOUND" in failure(root, warehouse, f"select * from {TABLE}")


def test_everything_is_put_back(fakes, rows, root: WorkspaceClient, warehouse: str) -> None:
    run(root, warehouse, f"delete from {TABLE}")
    run(root, warehouse, "drop table main.sales.orders")
    run(root, warehouse, "create table main.sales.x (id int)")
    fakes.reset()
    assert rows.rows == []
    told = [one.name for one in root.tables.list("main", "sales")]
    assert told == ["customers", "orders"]
    assert run(root, warehouse, "select count(*) from main.sales.orders").result.data_array == [["0"]]


def test_a_statement_that_runs_is_cancelled(fakes, root: WorkspaceClient, warehouse: str) -> None:
    endless = "select count(*) from range(100000) a cross join range(1000000) b where a.id * b.id % 7 = 3"
    begun = run(root, warehouse, endless, wait_timeout="0s")
    assert begun.status.state in {StatementState.PENDING, StatementState.RUNNING}
    root.statement_execution.cancel_execution(begun.statement_id)
    assert root.statement_execution.get_statement(begun.statement_id).status.state is StatementState.CANCELED
    assert run(root, warehouse, "select 1").result.data_array == [["1"]]


def test_a_test_that_ends_before_its_statement(fakes, root: WorkspaceClient, warehouse: str) -> None:
    endless = "create table main.sales.late as select a.id from range(100000) a cross join range(100000) b"
    run(root, warehouse, endless, wait_timeout="0s")
    fakes.reset()
    assert "main.sales.late" not in list(fakes.databricks.tables)
    assert run(root, warehouse, "select 1").result.data_array == [["1"]]


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("selec 1", "[PARSE_SYNTAX_ERROR]"),
        ("select 'unfinished", "[PARSE_SYNTAX_ERROR]"),
        ("select \x00", "[PARSE_SYNTAX_ERROR]"),
        ("select nam from main.sales.customers", "[UNRESOLVED_COLUMN"),
        ("select * from main.sales.none", "[TABLE_OR_VIEW_NOT_FOUND]"),
        ("select 1/0", "[DIVIDE_BY_ZERO]"),
        ("select cast('x' as int)", "[CAST_INVALID_INPUT]"),
        ("select :missing", "[UNBOUND_SQL_PARAMETER]"),
    ],
)
def test_statements_that_fail(root: WorkspaceClient, warehouse: str, statement: str, says: str) -> None:
    assert failure(root, warehouse, statement).startswith(says)


@pytest.mark.parametrize("asked", [f"{TABLE} version as of 1", "read_csv('/etc/passwd')"])
def test_what_is_not_served_is_told(fakes, root: WorkspaceClient, warehouse: str, asked: str) -> None:
    with pytest.raises(Exception, match="does not serve"):
        run(root, warehouse, f"select * from {asked}")
    (problem,) = fakes.problems(grace=5)
    assert "it was asked what it does not serve" in problem
    fakes.reset()


def test_a_result_of_many_rows(fakes, root: WorkspaceClient, warehouse: str) -> None:
    done = run(root, warehouse, "select id from range(25000) order by id")
    rows, chunk = list(done.result.data_array), done.result
    while chunk.next_chunk_index is not None:
        chunk = root.statement_execution.get_statement_result_chunk_n(
            done.statement_id, chunk.next_chunk_index
        )
        rows += chunk.data_array
    assert rows == [[str(number)] for number in range(25000)]
    big = failure(root, warehouse, "select repeat('x', 1000000) from range(30)")
    assert "INLINE_BYTE_LIMIT_EXCEEDED" in big


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([(1,)], "1 values"),
        ([{"id": 1, "nam": "x"}], "nam"),
        ([("x", "y", 1)], "id"),
        ([(None, "y", 1)], "id"),
    ],
)
def test_rows_that_do_not_fit(fakes, rows, says: str) -> None:
    with pytest.raises(FakeError, match=says):
        fakes.databricks.tables[TABLE].add(*rows)


def test_rows_from_a_file(fakes, root: WorkspaceClient, warehouse: str) -> None:
    folder = Path(fakes.databricks.root)
    folder.joinpath("cities.csv").write_text("id,name\n1,Oslo\n2,\n", encoding="utf-8")
    schema = fakes.databricks.catalog("main").schema("sales")
    schema.table("cities", columns={"id": "INT", "name": "STRING"}, file="cities.csv")
    found = run(root, warehouse, "select * from main.sales.cities order by id").result.data_array
    assert found == [["1", "Oslo"], ["2", None]]
    with pytest.raises(FakeError, match=r"none\.csv, which is not there"):
        schema.table("more", columns={"id": "INT"}, file="none.csv")
