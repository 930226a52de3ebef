"""Catalogs, schemas, tables and their rows: nine scenarios."""

import pytest
from reference import CATALOGS, COLUMNS, CUSTOMERS, NATION, ORDERS, ROWS, SCHEMAS, place, rows_of
from steps import QUERY, invalid_field, refusal

pytestmark = pytest.mark.integration

UNITY = "/api/unity-catalog"
SALES = {"catalog": "main", "schema": "sales"}


class TestUnityCatalogFullFlow:
    def test_list_catalogs(self, alice, bob):
        seen_by_a, seen_by_b = alice.get(f"{UNITY}/catalogs"), bob.get(f"{UNITY}/catalogs")

        assert (seen_by_a.status_code, seen_by_a.json()) == (200, CATALOGS)
        assert (seen_by_b.status_code, seen_by_b.json()) == (200, ["samples"])

    def test_list_schemas(self, alice, bob):
        main = alice.get(f"{UNITY}/schemas", params={"catalog": "main"})
        samples = bob.get(f"{UNITY}/schemas", params={"catalog": "samples"})

        assert (main.status_code, main.json()) == (200, ["sales"])
        assert (samples.status_code, samples.json()) == (200, SCHEMAS["samples"])

    def test_list_table_names(self, alice, bob):
        sales = alice.get(f"{UNITY}/table-names", params=SALES)
        tpch = bob.get(f"{UNITY}/table-names", params={"catalog": "samples", "schema": "tpch"})

        assert (sales.status_code, sales.json()) == (200, ["customers", "orders"])
        assert (tpch.status_code, tpch.json()) == (200, ["nation"])

    def test_list_tables_with_metadata(self, alice):
        listed = alice.get(f"{UNITY}/tables", params=SALES)

        assert listed.status_code == 200
        customers, orders = listed.json()
        assert {
            key: customers[key] for key in ("catalog_name", "schema_name", "table_name", "full_name")
        } == {
            "catalog_name": "main",
            "schema_name": "sales",
            "table_name": "customers",
            "full_name": CUSTOMERS,
        }
        assert (customers["table_type"], customers["comment"]) == ("MANAGED", "All 5 rows")
        assert customers["owner"]
        assert {column["name"]: column["type"] for column in customers["columns"]} == COLUMNS[CUSTOMERS]
        assert {column["name"]: column["type"] for column in orders["columns"]} == COLUMNS[ORDERS]

    def test_query_a_page(self, alice):
        page = alice.get(QUERY, params={**place(CUSTOMERS), "limit": 2, "offset": 1})

        assert page.status_code == 200
        assert page.json() == {
            "columns": list(COLUMNS[CUSTOMERS]),
            "rows": rows_of(CUSTOMERS)[1:3],
            "row_count": 2,
            "total_row_count": 5,
        }

    def test_query_with_filters(self, alice):
        filters = [
            {"column": "amount", "operator": ">", "value": 20},
            {"column": "status", "value": "paid"},
        ]

        answered = alice.post(QUERY, json={**place(ORDERS), "limit": 3, "filters": filters})

        expected = [row for row in rows_of(ORDERS) if row["amount"] > 20 and row["status"] == "paid"]
        assert 3 < len(expected) < len(ROWS[ORDERS])
        assert answered.status_code == 200
        assert answered.json()["rows"] == expected[:3]
        assert (answered.json()["row_count"], answered.json()["total_row_count"]) == (3, len(expected))

    def test_query_without_permission_is_403(self, alice, bob):
        denied = [alice.post(QUERY, json=place(NATION)), bob.get(QUERY, params=place(CUSTOMERS))]

        assert [refusal(each) for each in denied] == [(403, "CATALOG_PERMISSION_DENIED")] * 2
        assert all("ALGERIA" not in each.text and "Ada" not in each.text for each in denied)
        allowed = bob.post(QUERY, json=place(NATION))
        assert (allowed.status_code, allowed.json()["rows"]) == (200, rows_of(NATION))

    def test_query_of_an_unknown_table_is_404(self, alice):
        missing = alice.get(QUERY, params={**SALES, "table": "no_such_table"})

        assert refusal(missing) == (404, "TABLE_NOT_FOUND")

    def test_query_with_a_bad_limit_or_offset_is_400(self, alice, fakes):
        wrong = {"limit": [0, -1, 1001, 10**12, "many", 1.5], "offset": [-1, 10**30, "far"]}
        told = {field: [] for field in wrong}
        for field, values in wrong.items():
            for value in values:
                by_url = alice.get(QUERY, params={**place(CUSTOMERS), field: value})
                by_body = alice.post(QUERY, json={**place(CUSTOMERS), field: value})
                told[field] += [invalid_field(each, "INVALID_QUERY") for each in (by_url, by_body)]

        assert told == {field: [field] * 2 * len(values) for field, values in wrong.items()}
        assert not fakes.databricks.calls(path="/api/2.0/sql/statements")
