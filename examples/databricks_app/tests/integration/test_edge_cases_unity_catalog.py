"""Queries at their limits: filters, names, statements that do not go well, a workspace that is not well."""

import json

import pytest
from reference import CUSTOMERS, ORDERS, USER_A, place, rows_of
from steps import QUERY, another_application, invalid_field, refusal

pytestmark = pytest.mark.integration

UNITY = "/api/unity-catalog"
STATEMENTS = "/api/2.0/sql/statements"


def rows(caller, table, *filters):
    answered = caller.post(QUERY, json={**place(table), "limit": 1000, "filters": list(filters)})
    assert answered.status_code == 200, answered.text
    found = answered.json()
    assert found["row_count"] == found["total_row_count"] == len(found["rows"])
    return found["rows"]


@pytest.mark.parametrize(
    ("column", "operator", "value", "expected"),
    [
        ("id", "=", 2, [2]),
        ("id", "!=", 2, [1, 3, 4, 5]),
        ("id", "<", 3, [1, 2]),
        ("id", "<=", 3, [1, 2, 3]),
        ("id", ">", 3, [4, 5]),
        ("id", ">=", "3", [3, 4, 5]),
        ("name", "like", "%a%", [1, 2]),
        ("name", "=", "Zoë d'Été", [3]),
        ("name", "=", "李雷", [4]),
        ("active", "=", False, [3]),
        ("credit", ">", 1000, [1, 5]),
        ("credit", "is null", None, [4]),
        ("credit", "is not null", None, [1, 2, 3, 5]),
        ("name", "=", "x' OR '1'='1", []),
        ("name", "=", "'; DROP TABLE customers; --", []),
    ],
)
def test_operators(alice, column, operator, value, expected):
    asked = {"column": column, "operator": operator, "value": value}

    found = rows(alice, CUSTOMERS, asked)

    assert found == [row for row in rows_of(CUSTOMERS) if row["id"] in expected]
    by_url = alice.get(QUERY, params={**place(CUSTOMERS), "filters": json.dumps([asked])})
    assert by_url.json()["rows"] == found


def test_filters_on_a_date(alice):
    between = [
        {"column": "placed", "operator": ">=", "value": "2026-01-05"},
        {"column": "placed", "operator": "<", "value": "2026-01-08"},
    ]

    assert rows(alice, ORDERS, *between) == [row for row in rows_of(ORDERS) if row["id"] in {5, 6, 7}]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"column": "no_such_column", "value": 1}, "filters.0.column"),
        ({"column": "id) OR (1=1", "value": 1}, "filters.0.column"),
        ({"column": "ID", "operator": "equals", "value": 1}, "filters.0.operator"),
        ({"column": "id"}, "filters.0.value"),
        ({"column": "id", "operator": "is null", "value": 1}, "filters.0.value"),
        ({"column": "", "value": 1}, "filters.0.column"),
        ({"column": "id", "value": 1, "or": []}, "filters.0.or"),
        ({"column": "a\0", "value": 1}, "filters.0.column"),
    ],
)
def test_filters_that_are_refused(alice, fakes, asked, field):
    refused = alice.post(QUERY, json={**place(CUSTOMERS), "filters": [asked]})
    by_url = alice.get(QUERY, params={**place(CUSTOMERS), "filters": json.dumps([asked])})

    assert [invalid_field(each, "INVALID_QUERY") for each in (refused, by_url)] == [field] * 2
    assert not fakes.databricks.calls(path=STATEMENTS)


def test_a_value_that_does_not_fit_its_column_is_refused(alice):
    refused = alice.post(QUERY, json={**place(CUSTOMERS), "filters": [{"column": "id", "value": "many"}]})

    assert invalid_field(refused, "INVALID_QUERY") == "filters"


@pytest.mark.parametrize("text", ["", "{", "1", "null", '{"column": "id"}', '["id"]'])
def test_filters_in_a_url_that_are_none(alice, text):
    refused = alice.get(QUERY, params={**place(CUSTOMERS), "filters": text})

    assert invalid_field(refused, "INVALID_QUERY").startswith("filters")


@pytest.mark.parametrize("missing", ["catalog", "schema", "table"])
def test_a_place_that_is_not_whole(alice, missing):
    where = {key: value for key, value in place(CUSTOMERS).items() if key != missing}

    assert invalid_field(alice.get(QUERY, params=where), "INVALID_QUERY") == missing
    assert invalid_field(alice.post(QUERY, json=where), "INVALID_QUERY") == missing
    assert invalid_field(alice.post(QUERY, json={**where, missing: ""}), "INVALID_QUERY") == missing
    assert invalid_field(alice.post(QUERY, json={**where, missing: "a\0b"}), "INVALID_QUERY") == missing


@pytest.mark.parametrize(
    "name",
    [
        "two words",
        "a.b",
        "`quoted`",
        "it's",
        '"double"',
        "a/b",
        "../../x",
        "a?b",
        "表",
        "größe",
        "..",
        "x" * 255,
    ],
)
def test_names_of_tables_that_are_not_there(alice, name):
    for where in ({**place(CUSTOMERS), "table": name}, {**place(CUSTOMERS), "schema": name}):
        answered = alice.post(QUERY, json=where)
        # Some of them are no names at all, and the workspace says so.
        assert refusal(answered) in {(404, "TABLE_NOT_FOUND"), (400, "INVALID_QUERY")}, where
    for path, where in (
        ("schemas", {"catalog": name}),
        ("tables", {"catalog": "main", "schema": name}),
        ("table-names", {"catalog": name, "schema": "sales"}),
    ):
        answered = alice.get(f"{UNITY}/{path}", params=where)
        assert refusal(answered) in {
            (404, "CATALOG_NOT_FOUND"),
            (404, "SCHEMA_NOT_FOUND"),
            (400, "INVALID_QUERY"),
        }, where


@pytest.mark.mock("databricks")
def test_names_of_any_script_and_a_column_with_a_backtick(alice, fakes):
    columns = {"größe `cm`": "DOUBLE", "naïve": "STRING"}
    table = (
        fakes.databricks.catalog("main")
        .schema("sales")
        .table("表_größe", columns=columns, rows=[(1.5, "ja")])
    )
    fakes.databricks.grant_read(USER_A, table.full_name)

    found = rows(alice, table.full_name, {"column": "größe `cm`", "operator": ">", "value": 1})

    assert found == [{"größe `cm`": 1.5, "naïve": "ja"}]


@pytest.mark.mock("databricks")
def test_values_of_many_types(alice, fakes):
    columns = {
        "whole": "INT",
        "exact": "DECIMAL(20,4)",
        "float": "DOUBLE",
        "flag": "BOOLEAN",
        "moment": "TIMESTAMP",
        "list": "ARRAY<INT>",
        "nothing": "STRING",
    }
    row = (7, "12345678901234.5678", 0.25, True, "2026-01-02T03:04:05.000Z", [1, 2], None)
    table = fakes.databricks.catalog("main").schema("sales").table("kinds", columns=columns, rows=[row])
    fakes.databricks.grant_read(USER_A, table.full_name)

    (found,) = rows(alice, table.full_name)

    assert {name: found[name] for name in columns if name not in {"moment", "list"}} == {
        "whole": 7,
        "exact": "12345678901234.5678",
        "float": 0.25,
        "flag": True,
        "nothing": None,
    }
    assert found["moment"].startswith("2026-01-02T03:04:05")
    assert [int(value) for value in found["list"]] == [1, 2]
    complex_filter = {**place(table.full_name), "filters": [{"column": "list", "value": "[1]"}]}
    assert invalid_field(alice.post(QUERY, json=complex_filter), "INVALID_QUERY") == "filters.0.column"


@pytest.mark.mock("databricks")
def test_a_result_in_pieces(alice, fakes):
    fakes.databricks.statements.chunk_rows = 2

    answered = alice.post(QUERY, json=place(CUSTOMERS))

    assert answered.json()["rows"] == rows_of(CUSTOMERS)
    assert len([call for call in fakes.databricks.calls() if "/result/chunks/" in call.path]) == 2


@pytest.mark.mock("databricks")
@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_workspace_is_asked_again_within_a_budget(alice, fakes, status):
    fakes.databricks.fail(status, times=3, retry_after=0)

    assert alice.get(f"{UNITY}/catalogs").status_code == 200


@pytest.mark.mock("databricks")
async def test_a_workspace_that_stays_busy_says_when_to_come_back(identities, fakes):
    headers = identities["user-a"].headers
    async with another_application(headers, workspace_retry_seconds=1) as impatient:
        # What the SDK asks of a workspace that it does not know yet is asked again by its own clock.
        assert (await impatient.get(f"{UNITY}/catalogs")).status_code == 200
        fakes.databricks.fail(503, times=None, retry_after=2)
        refused = await impatient.get(f"{UNITY}/catalogs")

    assert refusal(refused) == (503, "WORKSPACE_UNAVAILABLE")
    assert refused.json()["detail"]["retry_after"] == 2


@pytest.mark.mock("databricks")
async def test_a_workspace_that_hangs(identities, fakes):
    headers = identities["user-a"].headers
    fakes.databricks.hang(times=None)
    limits = {"workspace_timeout_seconds": 0.2, "workspace_retry_seconds": 1}
    async with another_application(headers, **limits) as impatient:
        refused = await impatient.get(f"{UNITY}/catalogs")

    assert refusal(refused) == (503, "WORKSPACE_UNAVAILABLE")


@pytest.mark.mock("databricks")
def test_a_broken_connection_to_the_workspace_is_mended(alice, fakes):
    fakes.databricks.reset_connection()

    assert alice.get(f"{UNITY}/catalogs").status_code == 200


async def test_nobody_at_the_address_of_the_workspace(identities):
    headers = identities["user-a"].headers
    nowhere = {"databricks_host": "http://127.0.0.1:1", "workspace_retry_seconds": 1}
    async with another_application(headers, **nowhere) as cut_off:
        refused = await cut_off.get(f"{UNITY}/catalogs")

    assert refusal(refused) == (503, "WORKSPACE_UNAVAILABLE")


@pytest.mark.mock("databricks")
@pytest.mark.parametrize("status", [200, 403, 502])
def test_a_workspace_that_answers_html(alice, fakes, status):
    # As a proxy does that asks everybody to log in, or that finds nobody behind it.
    fakes.databricks.answer_html(status)

    refused = alice.get(f"{UNITY}/catalogs")

    expected = (401, "AUTH_INVALID") if status == 403 else (503, "WORKSPACE_UNAVAILABLE")
    assert refusal(refused) == expected
    assert "<html>" not in refused.text
