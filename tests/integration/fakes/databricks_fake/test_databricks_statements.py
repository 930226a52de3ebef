"""Statement execution over the API, with results that the test scripts."""

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
    ResourceDoesNotExist,
)
from databricks.sdk.service.sql import (
    Disposition,
    ExecuteStatementRequestOnWaitTimeout,
    Format,
    StatementResponse,
    StatementState,
)

from seatrial.errors import FakeError

COLUMNS = {"id": "BIGINT", "name": "STRING", "price": "DECIMAL(10,2)"}
ROWS = [["1", "rope", "2.50"], ["2", None, "0.10"]]


@pytest.fixture
def statements(fakes):
    return fakes.databricks.statements


def test_rows_and_what_describes_them(statements, a: WorkspaceClient, warehouse: str) -> None:
    statements.reply(COLUMNS, ROWS)
    done = a.statement_execution.execute_statement("select * from orders", warehouse)
    assert done.status.state is StatementState.SUCCEEDED
    assert done.result.data_array == ROWS
    assert done.manifest.total_row_count == 2
    told = [
        (one.name, one.type_name.value, one.type_text, one.position) for one in done.manifest.schema.columns
    ]
    assert told == [
        ("id", "LONG", "BIGINT", 0),
        ("name", "STRING", "STRING", 1),
        ("price", "DECIMAL", "DECIMAL(10,2)", 2),
    ]
    assert (done.manifest.schema.columns[2].type_precision, done.manifest.schema.columns[2].type_scale) == (
        10,
        2,
    )
    assert done.manifest.format is Format.JSON_ARRAY
    again = a.statement_execution.get_statement(done.statement_id)
    assert again.as_dict() == done.as_dict()


def test_nothing_is_lost_on_the_way_through_the_sdk(
    fakes, statements, a: WorkspaceClient, warehouse: str
) -> None:
    statements.reply(COLUMNS, ROWS)
    raw = requests.post(
        f"{fakes.url('databricks')}/api/2.0/sql/statements",
        json={"statement": "select 1", "warehouse_id": warehouse},
        headers=a.config.authenticate(),
        timeout=20,
    ).json()
    assert StatementResponse.from_dict(raw).as_dict() == raw


def test_a_failure_is_no_error_of_the_request(statements, a: WorkspaceClient, warehouse: str) -> None:
    statements.fail(
        "TABLE_OR_VIEW_NOT_FOUND", "The table `x` cannot be found.", sql_state="42P01", when="FROM X"
    )
    statements.reply({"n": "INT"}, [[1]])
    one = a.statement_execution.execute_statement("select 1", warehouse)
    assert one.result.data_array == [["1"]]
    failed = a.statement_execution.execute_statement("select * from x", warehouse)
    assert failed.status.state is StatementState.FAILED
    assert failed.status.error.error_code.value == "BAD_REQUEST"
    assert failed.status.error.message.startswith("[TABLE_OR_VIEW_NOT_FOUND] The table `x` cannot be found.")
    assert failed.status.sql_state == "42P01"
    assert failed.result is None


def test_polling_without_waiting(statements, a: WorkspaceClient, warehouse: str) -> None:
    statements.reply({"n": "INT"}, [["1"]], polls=2)
    begun = a.statement_execution.execute_statement("select 1", warehouse, wait_timeout="50s")
    states = [begun.status.state.value]
    assert begun.manifest is None
    for _ in range(3):
        told = a.statement_execution.get_statement(begun.statement_id)
        states.append(told.status.state.value)
    assert states == ["RUNNING", "RUNNING", "SUCCEEDED", "SUCCEEDED"]
    assert told.result.data_array == [["1"]]


def test_a_statement_that_is_cancelled(statements, a: WorkspaceClient, warehouse: str) -> None:
    statements.reply({"n": "INT"}, [["1"]], polls=5, times=2)
    begun = a.statement_execution.execute_statement("select 1", warehouse, wait_timeout="0s")
    a.statement_execution.cancel_execution(begun.statement_id)
    assert a.statement_execution.get_statement(begun.statement_id).status.state is StatementState.CANCELED
    late = a.statement_execution.execute_statement(
        "select 1", warehouse, wait_timeout="5s", on_wait_timeout=ExecuteStatementRequestOnWaitTimeout.CANCEL
    )
    assert late.status.state is StatementState.CANCELED


def test_one_that_is_over_is_not_cancelled(statements, a: WorkspaceClient, warehouse: str) -> None:
    statements.reply({"n": "INT"}, [["1"]])
    done = a.statement_execution.execute_statement("select 1", warehouse)
    a.statement_execution.cancel_execution(done.statement_id)
    assert a.statement_execution.get_statement(done.statement_id).status.state is StatementState.SUCCEEDED


def test_a_result_in_chunks(statements, a: WorkspaceClient, warehouse: str) -> None:
    statements.chunk_rows = 4
    statements.reply({"n": "INT"}, [[number] for number in range(10)])
    done = a.statement_execution.execute_statement("select n", warehouse)
    assert (done.manifest.total_chunk_count, done.manifest.total_row_count) == (3, 10)
    assert [(one.row_offset, one.row_count) for one in done.manifest.chunks] == [(0, 4), (4, 4), (8, 2)]
    rows, chunk = list(done.result.data_array), done.result
    while chunk.next_chunk_index is not None:
        assert chunk.next_chunk_internal_link.endswith(
            f"{done.statement_id}/result/chunks/{chunk.next_chunk_index}?row_offset={len(rows)}"
        )
        chunk = a.statement_execution.get_statement_result_chunk_n(done.statement_id, chunk.next_chunk_index)
        rows += chunk.data_array
    assert rows == [[str(number)] for number in range(10)]
    for index in (3, 99):
        with pytest.raises(InvalidParameterValue, match="3 chunks"):
            a.statement_execution.get_statement_result_chunk_n(done.statement_id, index)


@pytest.mark.parametrize("form", [Format.JSON_ARRAY, Format.CSV])
def test_external_links(fakes, statements, a: WorkspaceClient, warehouse: str, form: Format) -> None:
    statements.chunk_rows = 1
    statements.reply(COLUMNS, ROWS)
    done = a.statement_execution.execute_statement(
        "select 1", warehouse, disposition=Disposition.EXTERNAL_LINKS, format=form
    )
    assert done.result.data_array is None
    first = done.result.external_links[0]
    second = a.statement_execution.get_statement_result_chunk_n(done.statement_id, 1).external_links[0]
    files = [requests.get(one.external_link, timeout=20) for one in (first, second)]
    if form is Format.CSV:
        assert [file.text for file in files] == ["id,name,price\n1,rope,2.50\n", "2,null,0.10\n"]
    else:
        assert [json.loads(file.content) for file in files] == [[row] for row in ROWS]
    assert first.byte_count == len(files[0].content)
    changed = first.external_link.replace("/0?", "/1?")
    assert requests.get(changed, timeout=20).status_code == 403
    signed = requests.get(first.external_link, headers=a.config.authenticate(), timeout=20)
    assert signed.status_code == 400


def test_a_row_limit_is_told(statements, a: WorkspaceClient, warehouse: str) -> None:
    statements.reply({"n": "INT"}, [[1], [2], [3]], times=2)
    cut = a.statement_execution.execute_statement("select n", warehouse, row_limit=2)
    assert (cut.result.data_array, cut.manifest.truncated) == ([["1"], ["2"]], True)
    whole = a.statement_execution.execute_statement("select n", warehouse, row_limit=3)
    assert whole.manifest.truncated is False


def test_a_result_without_rows(statements, a: WorkspaceClient, warehouse: str) -> None:
    statements.reply({"n": "INT"})
    done = a.statement_execution.execute_statement("select n", warehouse)
    assert (done.manifest.total_row_count, done.result.data_array) == (0, None)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"statement": "  "}, "Missing required field: statement"),
        ({"warehouse_id": ""}, "Missing required field: warehouse_id"),
        ({"wait_timeout": "4s"}, "from 5s to 50s"),
        ({"wait_timeout": "51s"}, "from 5s to 50s"),
        ({"wait_timeout": "ten"}, "from 5s to 50s"),
        ({"on_wait_timeout": "WAIT"}, "CONTINUE, CANCEL"),
        ({"disposition": "PIGEON"}, "INLINE, EXTERNAL_LINKS"),
        ({"format": "CSV"}, "INLINE disposition only supports JSON_ARRAY"),
        ({"row_limit": 0}, "row_limit"),
        ({"row_limit": -1}, "row_limit"),
        ({"parameters": [{"value": "1"}]}, "parameters.name"),
        ({"parameters": [{"name": "a", "value": 1}]}, "expects a string"),
        ({"parameter": []}, "unknown field 'parameter'"),
    ],
)
def test_requests_that_are_wrong(fakes, a: WorkspaceClient, warehouse: str, body, says: str) -> None:
    answer = requests.post(
        f"{fakes.url('databricks')}/api/2.0/sql/statements",
        json={"statement": "select 1", "warehouse_id": warehouse, **body},
        headers=a.config.authenticate(),
        timeout=20,
    )
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert says in answer.json()["message"]


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff"])
def test_bodies_that_are_no_object(fakes, a: WorkspaceClient, body: bytes) -> None:
    answer = requests.post(
        f"{fakes.url('databricks')}/api/2.0/sql/statements",
        data=body,
        headers=a.config.authenticate(),
        timeout=20,
    )
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


def test_whose_statement_it_is(statements, a: WorkspaceClient, b: WorkspaceClient, warehouse: str) -> None:
    statements.reply({"n": "INT"}, [[1]])
    done = a.statement_execution.execute_statement("select 1", warehouse)
    with pytest.raises(PermissionDenied):
        b.statement_execution.get_statement(done.statement_id)
    with pytest.raises(ResourceDoesNotExist, match="was not found"):
        b.statement_execution.get_statement("00000000-0000-0000-0000-000000000000")
    statements.fail("X", "y", sql_state="42000")
    failed = a.statement_execution.execute_statement("select 1", warehouse)
    with pytest.raises(BadRequest, match="FAILED"):
        a.statement_execution.get_statement_result_chunk_n(failed.statement_id, 0)


def test_warehouses(fakes, a: WorkspaceClient, warehouse: str) -> None:
    assert [(one.id, one.name) for one in a.warehouses.list()] == [(warehouse, "analytics")]
    assert a.warehouses.get(warehouse).name == "analytics"
    a.warehouses.stop(warehouse)
    assert a.warehouses.get(warehouse).state.value == "STOPPED"
    a.warehouses.start(warehouse)
    assert a.warehouses.get(warehouse).state.value == "RUNNING"
    with pytest.raises(NotFound, match="does not exist"):
        a.warehouses.get("none")
    with pytest.raises(NotFound, match="does not exist"):
        a.statement_execution.execute_statement("select 1", "none")
    assert fakes.databricks.warehouse("analytics").id == warehouse


@pytest.mark.parametrize(
    "call",
    [
        lambda it: it.reply({"n": "INTEGR"}),
        lambda it: it.reply({"n": "INT"}, [[1, 2]]),
        lambda it: it.reply({"n": "INT"}, [[object()]]),
        lambda it: it.reply({"n": "INT"}, times=0),
        lambda it: it.slow(-1),
        lambda it: it.slow(1, when=" "),
    ],
)
def test_scripts_that_cannot_be(statements, call) -> None:
    with pytest.raises(FakeError) as refused:
        call(statements)
    assert refused.value.code in {"fakes.databricks-statement", "fakes.databricks-type"}


def test_what_was_scripted_and_nobody_asked_for(fakes, statements) -> None:
    statements.reply({"n": "INT"}, times=2)
    statements.fail("X", "y", sql_state="42000")
    assert fakes.problems(grace=5) == [
        "databricks: nothing met the scripted statements.reply(n)",
        "databricks: nothing met the scripted statements.reply(n)",
        "databricks: nothing met the scripted statements.fail(X)",
    ]
    fakes.reset()
