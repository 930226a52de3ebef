"""Statements that take long, fail, or come to strange results."""

import pytest
from reference import CUSTOMERS, USER_A, place
from steps import QUERY, another_application, invalid_field, refusal

pytestmark = [pytest.mark.integration, pytest.mark.mock("databricks")]

COUNT = {"total": "BIGINT"}


def scripted(fakes, columns, rows, *, total=None, **more):
    """Let the next query have these rows; no table has them."""
    rows = list(rows)
    fakes.databricks.statements.reply(COUNT, [[len(rows) if total is None else total]], when="count(*)")
    fakes.databricks.statements.reply(columns, rows, when="ORDER BY", **more)


def test_a_statement_that_takes_long_is_waited_for(alice, fakes):
    scripted(fakes, {"id": "BIGINT"}, [[1], [2]], polls=3)

    answered = alice.post(QUERY, json=place(CUSTOMERS))

    assert answered.json() == {
        "columns": ["id"],
        "rows": [{"id": 1}, {"id": 2}],
        "row_count": 2,
        "total_row_count": 2,
    }
    asked = [call.path for call in fakes.databricks.calls(method="GET") if "/sql/statements/" in call.path]
    assert len(asked) == 3


async def test_a_statement_that_takes_too_long_is_cancelled(identities, fakes):
    fakes.databricks.statements.reply(COUNT, [[5]], polls=1000)
    async with another_application(identities["user-a"].headers, query_timeout_seconds=1) as impatient:
        refused = await impatient.post(QUERY, json=place(CUSTOMERS))

    assert refusal(refused) == (503, "WORKSPACE_UNAVAILABLE")
    assert [call for call in fakes.databricks.calls(method="POST") if call.path.endswith("/cancel")]


@pytest.mark.parametrize(
    ("condition", "sql_state", "status", "code"),
    [
        ("TABLE_OR_VIEW_NOT_FOUND", "42P01", 404, "TABLE_NOT_FOUND"),
        ("SCHEMA_NOT_FOUND", "42704", 404, "TABLE_NOT_FOUND"),
        ("INSUFFICIENT_PERMISSIONS", "42501", 403, "CATALOG_PERMISSION_DENIED"),
        ("CAST_INVALID_INPUT", "22018", 400, "INVALID_QUERY"),
        ("UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703", 400, "INVALID_QUERY"),
    ],
)
def test_statements_that_fail(alice, fakes, condition, sql_state, status, code):
    fakes.databricks.statements.fail(condition, "No more of this.", sql_state=sql_state)

    assert refusal(alice.post(QUERY, json=place(CUSTOMERS))) == (status, code)


def test_a_table_that_goes_between_two_statements(alice, fakes):
    fakes.databricks.statements.reply(COUNT, [[5]], when="count(*)")
    fakes.databricks.statements.fail("TABLE_OR_VIEW_NOT_FOUND", "Gone.", sql_state="42P01", when="ORDER BY")

    assert refusal(alice.post(QUERY, json=place(CUSTOMERS))) == (404, "TABLE_NOT_FOUND")


def test_values_of_every_kind(alice, fakes):
    kinds = {
        "BIGINT": ("-9223372036854775808", -(2**63)),
        "DOUBLE": ("1.5E-7", 1.5e-7),
        "FLOAT": ("NaN", "NaN"),
        "DECIMAL(38,10)": ("1.0000000000", "1.0000000000"),
        "BOOLEAN": ("true", True),
        "DATE": ("2026-02-28", "2026-02-28"),
        "TIMESTAMP": ("2026-02-28T23:59:59.999Z", "2026-02-28T23:59:59.999Z"),
        "STRING": ("", ""),
        "ARRAY<INT>": ('["1",null]', ["1", None]),
        "STRUCT<a: INT>": ('{"a":"1"}', {"a": "1"}),
        "MAP<STRING,INT>": ('{"k":"1"}', {"k": "1"}),
    }
    columns = {f"c{number}": kind for number, kind in enumerate(kinds)}
    scripted(fakes, columns, [[text for text, _ in kinds.values()], [None] * len(kinds)])

    answered = alice.post(QUERY, json=place(CUSTOMERS))

    first, second = answered.json()["rows"]
    assert first == {f"c{number}": value for number, (_, value) in enumerate(kinds.values())}
    assert second == dict.fromkeys(columns)


def test_a_result_in_pieces_is_put_together(alice, fakes):
    fakes.databricks.statements.chunk_rows = 2
    scripted(fakes, {"id": "BIGINT"}, [[number] for number in range(5)])

    answered = alice.post(QUERY, json=place(CUSTOMERS))

    assert [row["id"] for row in answered.json()["rows"]] == [0, 1, 2, 3, 4]
    assert len([call for call in fakes.databricks.calls() if "/result/chunks/" in call.path]) == 2


def test_what_is_sent_is_quoted_and_bound(alice, fakes):
    columns = {"it's; --": "STRING", "a`b": "BIGINT", "list": "MAP<STRING,INT>"}
    table = fakes.databricks.catalog("main").schema("sales").table("t`x", columns=columns)
    fakes.databricks.grant_read(USER_A, table.full_name)
    scripted(fakes, columns, [])
    filters = [
        {"column": "it's; --", "operator": "like", "value": "%'; DROP TABLE t; --"},
        {"column": "a`b", "operator": ">=", "value": 7},
        {"column": "a`b", "operator": "is not null"},
    ]

    answered = alice.post(QUERY, json={**place(table.full_name), "filters": filters, "limit": 9, "offset": 3})

    assert (answered.status_code, answered.json()["rows"]) == (200, [])
    counted, paged = [call.json for call in fakes.databricks.calls(path="/api/2.0/sql/statements")]
    where = (
        " FROM `main`.`sales`.`t``x`"
        " WHERE `it's; --` LIKE :filter_0 AND `a``b` >= :filter_1 AND `a``b` IS NOT NULL"
    )
    assert counted["statement"] == f"SELECT count(*) AS total{where}"
    assert paged["statement"] == (
        f"SELECT `it's; --`, `a``b`, `list`{where} ORDER BY `it's; --`, `a``b`"
        " LIMIT :page_rows OFFSET :page_offset"
    )
    bound = [
        {"name": "filter_0", "type": "STRING", "value": "%'; DROP TABLE t; --"},
        {"name": "filter_1", "type": "BIGINT", "value": "7"},
    ]
    assert counted["parameters"] == bound
    assert paged["parameters"] == [
        *bound,
        {"name": "page_rows", "type": "INT", "value": "9"},
        {"name": "page_offset", "type": "INT", "value": "3"},
    ]


def test_a_complex_column_has_no_filters(alice, fakes):
    table = fakes.databricks.catalog("main").schema("sales").table("lists", columns={"list": "ARRAY<INT>"})
    fakes.databricks.grant_read(USER_A, table.full_name)

    refused = alice.post(
        QUERY, json={**place(table.full_name), "filters": [{"column": "list", "value": "[1]"}]}
    )

    assert invalid_field(refused, "INVALID_QUERY") == "filters.0.column"


async def test_a_warehouse_that_the_settings_name(identities, fakes):
    headers = identities["user-a"].headers
    second = fakes.databricks.warehouse("second")
    async with another_application(headers, databricks_warehouse_id=second.id) as chosen:
        scripted(fakes, {"id": "BIGINT"}, [])
        assert (await chosen.post(QUERY, json=place(CUSTOMERS))).status_code == 200
    async with another_application(headers, databricks_warehouse_id="none") as wrong:
        refused = await wrong.post(QUERY, json=place(CUSTOMERS))

    assert {call.json["warehouse_id"] for call in fakes.databricks.calls(path="/api/2.0/sql/statements")} == {
        second.id,
        "none",
    }
    assert refused.status_code in {400, 404}
