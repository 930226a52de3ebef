"""Queries as applications send them to a SQL warehouse, and what they give."""

from __future__ import annotations

import pytest

from seatrial.fakes.databricks.sql import NotServed, Parameter, SqlEngine, SqlFailure, TableName

CUSTOMERS = TableName("main", "sales", "customers")
ORDERS = TableName("main", "sales", "orders")


@pytest.fixture(scope="module")
def engine():
    engine = SqlEngine(schema="sales")
    engine.create_table(
        CUSTOMERS,
        {
            "id": "BIGINT",
            "Name": "STRING",
            "tags": "ARRAY<STRING>",
            "props": "MAP<STRING, INT>",
            "doc": "STRING",
        },
        [
            (1, "Ada", ["a", "b"], {"x": 1}, '{"city": "London", "lines": [{"n": 7}]}'),
            (2, "bob", [], {}, None),
            {"id": 3, "name": "Cy"},
        ],
    )
    engine.create_table(
        ORDERS,
        {
            "id": "INT",
            "customer_id": "BIGINT",
            "amount": "DECIMAL(10,2)",
            "placed": "TIMESTAMP",
            "state": "STRING",
        },
        [
            (10, 1, "10.50", "2024-01-31T10:00:00Z", "open"),
            (11, 1, "4.50", "2024-02-01T00:00:00Z", "paid"),
            (12, 2, None, "2024-02-29T23:59:59Z", "open"),
        ],
    )
    yield engine
    engine.close()


def _rows(engine: SqlEngine, statement: str, *parameters: Parameter) -> list[list[str | None]]:
    return engine.execute(statement, user="ada@example.com", parameters=parameters).rows


TYPICAL = {
    "SELECT id, name FROM customers ORDER BY name LIMIT 2 OFFSET 1": [["3", "Cy"], ["2", "bob"]],
    "SELECT c.Name, o.amount FROM main.sales.customers AS c LEFT JOIN sales.orders o ON C.ID = o.customer_id "
    "ORDER BY c.id, o.id": [["Ada", "10.50"], ["Ada", "4.50"], ["bob", None], ["Cy", None]],
    "SELECT main.sales.customers.id FROM main.sales.customers WHERE sales.customers.id = 1": [["1"]],
    "SELECT customer_id, sum(amount), avg(amount), amount / 2 FROM orders WHERE amount IS NOT NULL "
    "GROUP BY ALL ORDER BY 4": [
        ["1", "4.50", "4.500000", "2.250000"],
        ["1", "10.50", "10.500000", "5.250000"],
    ],
    "SELECT id FROM orders QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY placed DESC) = 1 "
    "ORDER BY id": [["11"], ["12"]],
    "SELECT id, tag FROM customers LATERAL VIEW explode(tags) e AS tag ORDER BY tag": [
        ["1", "a"],
        ["1", "b"],
    ],
    "SELECT id, col FROM customers LATERAL VIEW OUTER explode(tags) e ORDER BY id, col": [
        ["1", "a"],
        ["1", "b"],
        ["2", None],
        ["3", None],
    ],
    "SELECT id, pos, tag FROM customers LATERAL VIEW posexplode(tags) e AS pos, tag ORDER BY pos DESC": [
        ["1", "1", "b"],
        ["1", "0", "a"],
    ],
    "SELECT id, k, v FROM customers LATERAL VIEW explode(props) e AS k, v": [["1", "x", "1"]],
    "SELECT key, value FROM customers LATERAL VIEW explode(props) e": [["x", "1"]],
    "SELECT id, t.col FROM customers, LATERAL explode(tags) AS t WHERE t.col = 'b'": [["1", "b"]],
    "SELECT explode(tags) FROM customers": [["a"], ["b"]],
    "SELECT doc:city, doc:lines[0].n::INT, props['x'], tags[1] FROM customers WHERE id = 1": [
        ["London", "7", "1", "b"]
    ],
    "WITH paid AS (SELECT * FROM orders WHERE state = 'paid') SELECT count(*) FROM paid": [["1"]],
    "WITH customers AS (SELECT 9 AS id) SELECT id FROM customers": [["9"]],
    "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 3) SELECT sum(n) FROM r": [
        ["6"]
    ],
    "SELECT * FROM (SELECT state, amount FROM orders) PIVOT (sum(amount) FOR state IN ('open', 'paid'))": [
        ["10.50", "4.50"]
    ],
    "SELECT id FROM customers WHERE id IN (SELECT customer_id FROM orders WHERE amount > 5)": [["1"]],
    "SELECT id FROM customers c WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id)": [
        ["3"]
    ],
    "SELECT c.id FROM customers c LEFT ANTI JOIN orders o ON c.id = o.customer_id": [["3"]],
    "SELECT c.id FROM customers c LEFT SEMI JOIN orders o ON c.id = o.customer_id ORDER BY id DESC": [
        ["2"],
        ["1"],
    ],
    "SELECT id FROM customers UNION SELECT 1 EXCEPT SELECT 3 ORDER BY id": [["1"], ["2"]],
    "SELECT state, count(*) FROM orders GROUP BY state HAVING count(*) > 1": [["open", "2"]],
    "SELECT date_trunc('MONTH', placed) AS m, count_if(state = 'open') FROM orders GROUP BY 1 ORDER BY 1": [
        ["2024-01-01T00:00:00.000Z", "1"],
        ["2024-02-01T00:00:00.000Z", "1"],
    ],
    "SELECT id FROM orders WHERE placed >= '2024-02-01' AND placed < TIMESTAMP'2024-02-29' + INTERVAL 1 DAY "
    "ORDER BY id": [["11"], ["12"]],
    "SELECT CASE WHEN amount > 5 THEN 'big' WHEN amount IS NULL THEN 'none' ELSE 'small' END FROM orders "
    "ORDER BY id": [["big"], ["small"], ["none"]],
    "SELECT * EXCEPT (tags, props, doc) FROM customers WHERE id = 1": [["1", "Ada"]],
    "SELECT id FROM range(2) ORDER BY id": [["0"], ["1"]],
    "SELECT col1 FROM VALUES (1), (2)": [["1"], ["2"]],
    "SELECT a, b FROM VALUES (1, 'x') AS t(a, b)": [["1", "x"]],
    "SELECT 1 AS a, a + 1 AS b": [["1", "2"]],
    "SELECT * FROM (SELECT id, name FROM customers) JOIN (SELECT 1 AS id, 2 AS z) USING (id)": [
        ["1", "Ada", "2"]
    ],
    "SELECT o.*, z / 4 FROM (SELECT id FROM orders) AS o JOIN (SELECT 10 AS id, 1.50 AS z) q USING (id)": [
        ["10", "0.375000"]
    ],
    "SELECT a / 4, b FROM (SELECT 1.50 AS a) CROSS JOIN (SELECT 2 AS b)": [["0.375000", "2"]],
    "SELECT * FROM orders JOIN (SELECT 11 AS id, true AS late) AS q USING (id)": [
        ["11", "1", "4.50", "2024-02-01T00:00:00.000Z", "paid", "true"]
    ],
    "SELECT upper(name) AS name FROM customers WHERE name = 'Ada' ORDER BY name": [["ADA"]],
    "SELECT -id AS id FROM customers ORDER BY id": [["-3"], ["-2"], ["-1"]],
    "FROM orders SELECT max(id)": [["12"]],
    "-- a comment\nSELECT /* another */ 1;": [["1"]],
}


@pytest.mark.parametrize("statement", TYPICAL)
def test_a_typical_query(engine, statement: str) -> None:
    assert _rows(engine, statement) == TYPICAL[statement]


def test_null_comes_first_unless_the_order_is_descending(engine) -> None:
    up = "SELECT amount FROM orders ORDER BY amount"
    assert _rows(engine, up) == [[None], ["4.50"], ["10.50"]]
    assert _rows(engine, f"{up} DESC") == [["10.50"], ["4.50"], [None]]
    window = "SELECT id, lag(id) OVER (ORDER BY amount) FROM orders ORDER BY amount"
    assert _rows(engine, window) == [["12", None], ["11", "12"], ["10", "11"]]


def test_names_and_types_of_the_columns_of_a_result(engine) -> None:
    found = engine.execute(
        "SELECT ID, count(*), sum(customer_id + 1) AS Total, amount / 3, placed, current_date(), 1.5, "
        "id % 2, amount IS NULL AND true, CAST(id AS STRING), 'x', array(id), NULL FROM orders GROUP BY ALL",
        user="u",
    )
    assert [(column.name, column.type_text, column.type_name) for column in found.columns] == [
        ("ID", "INT", "INT"),
        ("count(1)", "BIGINT", "LONG"),
        ("Total", "BIGINT", "LONG"),
        ("(amount / 3)", "DECIMAL(14,6)", "DECIMAL"),
        ("placed", "TIMESTAMP", "TIMESTAMP"),
        ("current_date()", "DATE", "DATE"),
        ("1.5", "DECIMAL(2,1)", "DECIMAL"),
        ("(id % 2)", "INT", "INT"),
        ("((amount IS NULL) AND true)", "BOOLEAN", "BOOLEAN"),
        ("CAST(id AS STRING)", "STRING", "STRING"),
        ("x", "STRING", "STRING"),
        ("array(id)", "ARRAY<INT>", "ARRAY"),
        ("NULL", "VOID", "NULL"),
    ]
    assert (found.columns[3].precision, found.columns[3].scale) == (14, 6)


def test_a_star_brings_the_names_as_they_were_declared(engine) -> None:
    names = [
        column.name for column in engine.execute("SELECT *, ID AS again FROM customers", user="u").columns
    ]
    assert names == ["id", "Name", "tags", "props", "doc", "again"]


def test_a_limit_of_rows_is_told(engine) -> None:
    cut = engine.execute("SELECT id FROM orders ORDER BY id", user="u", row_limit=2)
    assert (cut.rows, cut.truncated) == ([["10"], ["11"]], True)
    assert not engine.execute("SELECT id FROM orders", user="u", row_limit=3).truncated


def test_parameters_are_values(engine) -> None:
    found = _rows(
        engine,
        "SELECT :id, :name, :amount, :day, :at, :yes, :nothing, :text FROM orders WHERE id = :id LIMIT :n",
        Parameter(name="id", value="10", type="INT"),
        Parameter(name="name", value="'; DROP TABLE orders; --"),
        Parameter(name="amount", value="1.239", type="DECIMAL(5,2)"),
        Parameter(name="day", value="2024-02-29", type="DATE"),
        Parameter(name="at", value="2024-02-29T10:00:00Z", type="TIMESTAMP"),
        Parameter(name="yes", value="true", type="BOOLEAN"),
        Parameter(name="nothing", value=None, type="VOID"),
        Parameter(name="text", value=None),
        Parameter(name="N", value="5", type="INT"),
    )
    expected = [
        "10",
        "'; DROP TABLE orders; --",
        "1.24",
        "2024-02-29",
        "2024-02-29T10:00:00.000Z",
        "true",
        None,
        None,
    ]
    assert found == [expected]


def test_parameters_by_position(engine) -> None:
    values = (Parameter(value="open"), Parameter(value="11", type="INT"), Parameter(value="1", type="INT"))
    assert _rows(engine, "SELECT '?', id FROM orders WHERE state = ? AND id > ? LIMIT ?", *values) == [
        ["?", "12"]
    ]


def test_the_same_text_with_other_values_and_types(engine) -> None:
    statement = "SELECT typeof(:x), :x"
    assert _rows(engine, statement, Parameter(name="x", value="1", type="INT")) == [["int", "1"]]
    assert _rows(engine, statement, Parameter(name="x", value="2", type="INT")) == [["int", "2"]]
    assert _rows(engine, statement, Parameter(name="x", value="2")) == [["string", "2"]]


@pytest.mark.parametrize(
    ("parameters", "error_class"),
    [
        ((), "UNBOUND_SQL_PARAMETER"),
        ((Parameter(name="x", value="abc", type="INT"),), "CAST_INVALID_INPUT"),
        ((Parameter(name="x", value="1", type="NONSENSE"),), "UNSUPPORTED_DATATYPE"),
    ],
)
def test_wrong_parameters(engine, parameters, error_class: str) -> None:
    with pytest.raises(SqlFailure) as caught:
        _rows(engine, "SELECT :x", *parameters)
    assert caught.value.error_class == error_class


def test_a_name_that_is_a_parameter(engine) -> None:
    table = Parameter(name="t", value="main.sales.orders")
    assert _rows(engine, "SELECT count(*) FROM IDENTIFIER(:t)", table) == [["3"]]
    both = (Parameter(name="s", value="sales"), Parameter(name="c", value="state"))
    statement = "SELECT IDENTIFIER(:c) FROM IDENTIFIER('main.' || :s || '.orders') AS o WHERE o.id = 11"
    assert _rows(engine, statement, *both) == [["paid"]]
    assert _rows(engine, "SELECT count(*) FROM IDENTIFIER(:t)", Parameter(name="t", value="customers")) == [
        ["3"]
    ]


FAILING = {
    "SELECT * FROM nowhere": ("TABLE_OR_VIEW_NOT_FOUND", "42P01", "`main`.`sales`.`nowhere`"),
    "SELECT * FROM a.b.c.d": ("TABLE_OR_VIEW_NOT_FOUND", "42P01", "`a`.`b`.`c`.`d`"),
    "SELECT Nmae FROM customers": ("UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703", "`Nmae`"),
    "SELECT 1 FROM customers WHERE nmae = 1": ("UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703", "[`Name`"),
    "SELECT x.id FROM customers": ("UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703", "`x`.`id`"),
    "SELECT id FROM customers c JOIN orders o ON c.id = o.customer_id": (
        "AMBIGUOUS_REFERENCE",
        "42704",
        "[`c`.`id`, `o`.`id`]",
    ),
    "SELECT id AS key FROM customers WHERE key = 1": (
        "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION",
        "42703",
        "`key`",
    ),
    "SELEC 1": ("PARSE_SYNTAX_ERROR", "42601", "'SELEC'"),
    "SELECT 1 FROM": ("PARSE_SYNTAX_ERROR", "42601", ""),
    "SELECT 'open": ("PARSE_SYNTAX_ERROR", "42601", ""),
    "SELECT 1; SELECT 2": ("PARSE_SYNTAX_ERROR", "42601", "';'"),
    "": ("PARSE_EMPTY_STATEMENT", "42617", ""),
    " ; ": ("PARSE_EMPTY_STATEMENT", "42617", ""),
    "-- nothing": ("PARSE_EMPTY_STATEMENT", "42617", ""),
    "SELECT state, count(*) FROM orders": ("MISSING_AGGREGATION", "42803", "state"),
    "SELECT id FROM orders WHERE sum(id) > 1": ("INVALID_WHERE_CONDITION", "42903", ""),
    "SELECT sum(sum(id)) FROM orders": ("NESTED_AGGREGATE_FUNCTION", "42607", ""),
    "SELECT (SELECT id FROM orders)": ("SCALAR_SUBQUERY_TOO_MANY_ROWS", "21000", ""),
    "SELECT 1 UNION SELECT 1, 2": ("NUM_COLUMNS_MISMATCH", "42826", ""),
    "SELECT * FROM orders WHERE id = 'abc'": ("CAST_INVALID_INPUT", "22018", "'abc'"),
    "SELECT sum(state) FROM orders": ("DATATYPE_MISMATCH", "42K09", ""),
    "ATTACH ':memory:' AS x": ("PARSE_SYNTAX_ERROR", "42601", "'ATTACH'"),
    "PRAGMA database_list": ("PARSE_SYNTAX_ERROR", "42601", "'PRAGMA'"),
    "INSTALL httpfs": ("PARSE_SYNTAX_ERROR", "42601", "'INSTALL'"),
    "SELECT read_text('/etc/passwd')": ("UNRESOLVED_ROUTINE", "42883", "`read_text`"),
    "SELECT * FROM '/etc/passwd'": ("TABLE_OR_VIEW_NOT_FOUND", "42P01", ""),
    "SELECT * FROM `/etc/passwd`": ("TABLE_OR_VIEW_NOT_FOUND", "42P01", ""),
    "SELECT * FROM duckdb_settings": ("TABLE_OR_VIEW_NOT_FOUND", "42P01", ""),
}


@pytest.mark.parametrize("statement", FAILING)
def test_a_query_that_fails(engine, statement: str) -> None:
    error_class, state, words = FAILING[statement]
    with pytest.raises(SqlFailure) as caught:
        _rows(engine, statement)
    assert (caught.value.error_class, caught.value.sql_state) == (error_class, state)
    assert words in caught.value.message
    assert str(caught.value).startswith(f"[{error_class}] ")


@pytest.mark.parametrize(
    ("statement", "feature"),
    [
        ("SELECT * FROM orders VERSION AS OF 1", "time travel"),
        ("SELECT * FROM orders TIMESTAMP AS OF '2024-01-01'", "time travel"),
        ("SELECT * FROM orders@v1", "time travel"),
        ("SELECT * FROM orders TABLESAMPLE (10 PERCENT)", "TABLESAMPLE"),
        ("SELECT * FROM (SELECT 1 AS a) UNPIVOT (v FOR n IN (a))", "UNPIVOT"),
        ("SELECT * FROM read_csv('/etc/passwd')", "the table function read_csv()"),
        ("SELECT * FROM read_files('/x')", "the table function read_files()"),
        ("SELECT * FROM csv.`/etc/passwd`", "a query of files"),
        ("SELECT * FROM duckdb_settings()", "the table function duckdb_settings()"),
        ("COPY INTO orders FROM '/x'", "the statement COPY"),
        ("EXPLAIN SELECT 1", "the statement EXPLAIN"),
        ("GRANT SELECT ON TABLE orders TO `x`", "the statement GRANT"),
        ("EXECUTE IMMEDIATE 'SELECT 1'", "the statement EXECUTE"),
        ("SET TIME ZONE 'Europe/Berlin'", "SET timezone = Europe/Berlin"),
        ("SHOW GRANTS ON TABLE orders", "SHOW GRANTS"),
        ("DESCRIBE HISTORY orders", "DESCRIBE HISTORY"),
        ("SELECT 1 FROM orders o ASOF JOIN orders p ON o.id >= p.id", "a join of the kind ASOF"),
        ("SELECT * FROM orders NATURAL JOIN customers", "a join of the kind NATURAL"),
        ("SELECT @x", "the expression Parameter"),
        ("SELECT id FROM orders SORT BY id", "SORT BY"),
        ("CREATE FUNCTION f() RETURNS INT RETURN 1", "CREATE FUNCTION"),
        # Refused before it is run: it would be in memory as a whole.
        ("SELECT count(*) FROM range(10000001)", "range() of more than 10,000,000 numbers"),
        ("SELECT count(*) FROM range(10, -50000000, -4)", "range() of more than 10,000,000 numbers"),
        ("SELECT count(*) FROM range(0, 100000000000000000000)", "range() of more than 10,000,000 numbers"),
    ],
)
def test_what_is_not_served_is_named(engine, statement: str, feature: str) -> None:
    with pytest.raises(NotServed) as caught:
        _rows(engine, statement)
    assert caught.value.feature == feature
