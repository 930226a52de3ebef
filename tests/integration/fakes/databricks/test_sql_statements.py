"""Statements that change rows, that define, and that show."""

from __future__ import annotations

import pytest

from seatrial.fakes.databricks.sql import NotServed, SqlEngine, SqlFailure, TableName

STOCK = TableName("main", "shop", "stock")


@pytest.fixture
def engine():
    engine = SqlEngine(schema="shop")
    engine.create_table(
        STOCK,
        {"id": "INT", "Item": "STRING", "price": "DECIMAL(6,2)"},
        [(1, "rope", "1.50"), (2, "sail", None)],
    )
    yield engine
    engine.close()


def _run(engine: SqlEngine, statement: str, **options):
    return engine.execute(statement, user="ada@example.com", **options)


def _stock(engine: SqlEngine) -> list[list[str | None]]:
    return _run(engine, "SELECT id, item, price FROM stock ORDER BY id").rows


def _counts(result) -> dict[str, str | None]:
    return dict(zip([column.name for column in result.columns], result.rows[0], strict=True))


def test_insert(engine) -> None:
    result = _run(engine, "INSERT INTO stock VALUES (3, 'oar', 2.005), (4, NULL, DEFAULT)")
    assert _counts(result) == {"num_affected_rows": "2", "num_inserted_rows": "2"}
    assert [str(name) for name in result.writes] == ["main.shop.stock"]
    _run(engine, "INSERT INTO main.shop.stock (item, ID) SELECT upper(item), id + 10 FROM stock WHERE id = 1")
    assert _stock(engine)[2:] == [["3", "oar", "2.01"], ["4", None, None], ["11", "ROPE", None]]
    _run(engine, "INSERT INTO stock BY NAME SELECT 5 AS id, 'x' AS item")
    assert _run(engine, "INSERT OVERWRITE stock SELECT * FROM stock WHERE id = 5").rows == [["1", "1"]]
    assert _stock(engine) == [["5", "x", None]]


@pytest.mark.parametrize(
    ("statement", "error_class"),
    [
        ("INSERT INTO stock VALUES (1, 'x')", "INSERT_COLUMN_ARITY_MISMATCH.NOT_ENOUGH_DATA_COLUMNS"),
        ("INSERT INTO stock (id) VALUES (1, 'x')", "INSERT_COLUMN_ARITY_MISMATCH.TOO_MANY_DATA_COLUMNS"),
        ("INSERT INTO stock (nope) VALUES (1)", "UNRESOLVED_COLUMN.WITH_SUGGESTION"),
        ("INSERT INTO stock (id) VALUES ('abc')", "CAST_INVALID_INPUT"),
        ("INSERT INTO stock (id, price) VALUES (9, 123456)", "NUMERIC_VALUE_OUT_OF_RANGE"),
        ("INSERT INTO nowhere VALUES (1)", "TABLE_OR_VIEW_NOT_FOUND"),
        ("UPDATE stock SET nope = 1", "UNRESOLVED_COLUMN.WITH_SUGGESTION"),
        ("UPDATE stock SET price = price / 0", "DIVIDE_BY_ZERO"),
        ("DELETE FROM stock WHERE nope", "UNRESOLVED_COLUMN.WITH_SUGGESTION"),
        (
            "MERGE INTO stock t USING (SELECT 1 AS n FROM range(2)) s ON t.id = s.n WHEN MATCHED THEN DELETE",
            "DELTA_MULTIPLE_SOURCE_ROW_MATCHING_TARGET_ROW_IN_MERGE",
        ),
    ],
)
def test_a_change_that_fails_changes_nothing(engine, statement: str, error_class: str) -> None:
    engine.snapshot()
    with pytest.raises(SqlFailure) as caught:
        _run(engine, statement)
    assert caught.value.error_class == error_class
    assert _stock(engine) == [["1", "rope", "1.50"], ["2", "sail", None]]


def test_update_and_delete(engine) -> None:
    changed = _run(
        engine, "UPDATE stock AS s SET s.price = coalesce(price, 0) + 1, item = upper(Item) WHERE s.id > 1"
    )
    assert _counts(changed) == {"num_affected_rows": "1"}
    assert _stock(engine)[1] == ["2", "SAIL", "1.00"]
    gone = _run(engine, "DELETE FROM stock WHERE id IN (SELECT max(id) FROM stock)")
    assert _counts(gone) == {"num_affected_rows": "1"}
    assert _stock(engine) == [["1", "rope", "1.50"]]
    _run(engine, "TRUNCATE TABLE stock")
    assert _stock(engine) == []


def test_merge(engine) -> None:
    merged = _run(
        engine,
        "MERGE INTO stock AS t USING (SELECT * FROM VALUES (1, 'new', 9.99), (7, 'oar', 0.5) "
        "AS v(id, item, price)) AS s ON t.id = s.id "
        "WHEN MATCHED AND s.price > 1 THEN UPDATE SET item = concat(t.item, '-', s.item), "
        "price = s.price WHEN NOT MATCHED THEN INSERT (id, item) VALUES (s.id, s.item) "
        "WHEN NOT MATCHED BY SOURCE THEN DELETE",
    )
    assert _counts(merged) == {
        "num_affected_rows": "3",
        "num_updated_rows": "1",
        "num_deleted_rows": "1",
        "num_inserted_rows": "1",
    }
    assert _stock(engine) == [["1", "rope-new", "9.99"], ["7", "oar", None]]
    _run(
        engine,
        "MERGE INTO stock USING (SELECT 8 AS id, 'x' AS item, 1.0 AS price) s ON stock.id = s.id "
        "WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *",
    )
    assert _stock(engine)[2] == ["8", "x", "1.00"]


def test_tables_are_made_changed_and_dropped(engine) -> None:
    made = _run(
        engine,
        "CREATE TABLE IF NOT EXISTS shop.crew (id BIGINT NOT NULL, "
        "name STRING DEFAULT 'nobody' COMMENT 'who', CONSTRAINT pk PRIMARY KEY (id), "
        "CONSTRAINT positive CHECK (id > 0)) COMMENT 'all hands'",
    )
    assert [(change.action, change.kind, change.name) for change in made.changes] == [
        ("created", "TABLE", ("main", "shop", "crew"))
    ]
    _run(engine, "INSERT INTO crew (id) VALUES (1)")
    assert _run(engine, "SELECT * FROM crew").rows == [["1", "nobody"]]
    for values, error_class in (
        ("NULL, 'x'", "DELTA_NOT_NULL_CONSTRAINT_VIOLATED"),
        ("0, 'x'", "DELTA_VIOLATE_"),
    ):
        with pytest.raises(SqlFailure) as caught:
            _run(engine, f"INSERT INTO crew VALUES ({values})")
        assert caught.value.error_class.startswith(error_class)
    assert _run(engine, "DESCRIBE TABLE crew").rows == [["id", "bigint", None], ["name", "string", "who"]]
    renamed = _run(engine, "ALTER TABLE crew RENAME TO hands")
    assert renamed.changes[0].to == ("main", "shop", "hands")
    _run(engine, "ALTER TABLE hands ADD COLUMNS (age INT, boat STRING)")
    assert _run(engine, "SELECT * FROM hands").rows == [["1", "nobody", None, None]]
    _run(engine, "DROP TABLE hands")
    _run(engine, "DROP TABLE IF EXISTS hands")
    with pytest.raises(SqlFailure, match="TABLE_OR_VIEW_NOT_FOUND"):
        _run(engine, "DROP TABLE hands")


def test_columns_are_renamed_and_dropped(engine) -> None:
    _run(engine, "ALTER TABLE stock RENAME COLUMN item TO Thing")
    _run(engine, "ALTER TABLE stock DROP COLUMN price")
    _run(engine, "ALTER TABLE stock ALTER COLUMN thing COMMENT 'a thing'")
    assert _run(engine, "DESCRIBE stock").rows == [["id", "int", None], ["Thing", "string", "a thing"]]
    assert _run(engine, "SELECT thing FROM stock WHERE id = 1").rows == [["rope"]]


def test_a_table_of_a_query(engine) -> None:
    _run(
        engine,
        "CREATE OR REPLACE TABLE sums AS SELECT count(*) AS n, sum(id) AS s, avg(price) AS a FROM stock",
    )
    found = engine.columns(TableName("main", "shop", "sums"))
    assert [(column.name, column.type_text) for column in found] == [
        ("n", "BIGINT"),
        ("s", "BIGINT"),
        ("a", "DECIMAL(10,6)"),
    ]
    again = _run(engine, "CREATE OR REPLACE TABLE sums AS SELECT 1 AS x")
    assert again.changes[0].action == "replaced"
    with pytest.raises(SqlFailure, match="TABLE_OR_VIEW_ALREADY_EXISTS"):
        _run(engine, "CREATE TABLE sums (a INT)")


def test_a_view_means_what_it_meant_when_it_was_made(engine) -> None:
    _run(engine, "CREATE VIEW cheap (Id, what) AS SELECT id, item FROM stock WHERE price < 2", schema="shop")
    _run(engine, "CREATE SCHEMA other")
    _run(engine, "CREATE TABLE other.stock (id INT)")
    asked = []
    found = _run(engine, "SELECT * FROM shop.cheap", schema="other", allowed=asked.append)
    assert found.rows == [["1", "rope"]]
    assert [column.name for column in found.columns] == ["Id", "what"]
    assert [access.full_name for access in asked] == ["main.shop.cheap"]
    assert [str(name) for name in found.reads] == ["main.shop.cheap", "main.shop.stock"]
    _run(engine, "INSERT INTO stock VALUES (3, 'peg', 0.1)")
    assert _run(engine, "SELECT count(*) FROM cheap").rows == [["2"]]
    with pytest.raises(SqlFailure, match="EXPECT_TABLE_NOT_VIEW"):
        _run(engine, "DELETE FROM cheap")
    _run(engine, "DROP VIEW cheap")
    with pytest.raises(NotServed):
        _run(engine, "CREATE TEMPORARY VIEW t AS SELECT 1")


def test_schemas_and_catalogs(engine) -> None:
    _run(engine, "CREATE CATALOG IF NOT EXISTS lab")
    _run(engine, "CREATE SCHEMA lab.one COMMENT 'first'")
    for statement, error_class in (
        ("CREATE CATALOG lab", "CATALOG_ALREADY_EXISTS"),
        ("CREATE SCHEMA lab.one", "SCHEMA_ALREADY_EXISTS"),
        ("CREATE SCHEMA nowhere.one", "CATALOG_NOT_FOUND"),
        ("CREATE TABLE lab.two.t (a INT)", "SCHEMA_NOT_FOUND"),
        ("DROP SCHEMA shop", "SCHEMA_NOT_EMPTY"),
        ("USE CATALOG nowhere", "CATALOG_NOT_FOUND"),
        ("USE lab.two", "SCHEMA_NOT_FOUND"),
        ("SHOW TABLES IN lab.two", "SCHEMA_NOT_FOUND"),
    ):
        with pytest.raises(SqlFailure) as caught:
            _run(engine, statement)
        assert caught.value.error_class == error_class
    assert _run(engine, "SHOW SCHEMAS IN lab").rows == [["default"], ["information_schema"], ["one"]]
    assert _run(engine, "DROP SCHEMA shop CASCADE").changes[0].name == ("main", "shop")
    _run(engine, "DROP CATALOG lab CASCADE")
    assert _run(engine, "SHOW CATALOGS").rows == [["main"]]


def test_use_tells_where_a_session_is(engine) -> None:
    used = _run(engine, "USE CATALOG main")
    assert (used.catalog, used.schema) == ("main", "default")
    used = _run(engine, "USE SCHEMA shop", schema="default")
    assert (used.catalog, used.schema) == ("main", "shop")
    kept = _run(engine, "SELECT current_schema()", schema="shop")
    assert (kept.rows, kept.schema) == ([["shop"]], "shop")


def test_what_is_shown_is_what_the_caller_sees(engine) -> None:
    _run(engine, "CREATE TABLE secrets (a INT)")

    def sees(access) -> bool:
        return access.table != "secrets"

    assert _run(engine, "SHOW TABLES").rows == [["shop", "secrets", "false"], ["shop", "stock", "false"]]
    assert _run(engine, "SHOW TABLES IN main.shop LIKE 'st*|x'", sees=sees).rows == [
        ["shop", "stock", "false"]
    ]
    assert _run(engine, "SHOW TABLES", sees=sees).rows == [["shop", "stock", "false"]]
    assert _run(engine, "SHOW COLUMNS IN stock").rows == [["id"], ["Item"], ["price"]]
    statement = (
        "SELECT table_name, column_name, full_data_type FROM main.information_schema.columns ORDER BY 1, 2"
    )
    assert _run(engine, statement, sees=sees).rows == [
        ["stock", "Item", "string"],
        ["stock", "id", "int"],
        ["stock", "price", "decimal(6,2)"],
    ]
    both = "SELECT table_name FROM system.information_schema.tables ORDER BY 1"
    assert _run(engine, both).rows == [["secrets"], ["stock"]]
    assert _run(engine, both, sees=sees).rows == [["stock"]]


@pytest.mark.parametrize(
    "statement", ["OPTIMIZE stock ZORDER BY (id)", "ANALYZE TABLE stock COMPUTE STATISTICS"]
)
def test_maintenance_does_nothing_to_a_table_that_there_is(engine, statement: str) -> None:
    assert _run(engine, statement).rows == []
    with pytest.raises(SqlFailure, match="TABLE_OR_VIEW_NOT_FOUND"):
        _run(engine, statement.replace("stock", "nowhere"))


@pytest.mark.parametrize(
    ("statement", "asked"),
    [
        ("SELECT 1 FROM stock s JOIN (SELECT * FROM shop.stock) ON true", ["SELECT main.shop.stock"]),
        (
            "INSERT INTO crew SELECT id FROM stock",
            ["SELECT main.shop.crew", "MODIFY main.shop.crew", "SELECT main.shop.stock"],
        ),
        ("UPDATE crew SET id = 1", ["SELECT main.shop.crew", "MODIFY main.shop.crew"]),
        ("CREATE TABLE x AS SELECT * FROM stock", ["CREATE_TABLE main.shop", "SELECT main.shop.stock"]),
        ("DROP TABLE crew", ["MANAGE main.shop.crew"]),
        ("CREATE SCHEMA x", ["CREATE_SCHEMA main"]),
        ("USE SCHEMA shop", ["USE_SCHEMA main.shop"]),
        ("WITH stock AS (SELECT 1) SELECT * FROM stock", []),
    ],
)
def test_rights_are_asked_for_before_anything_is_done(engine, statement: str, asked: list[str]) -> None:
    _run(engine, "CREATE TABLE crew (id INT)")
    engine.snapshot()
    before = engine.catalogue

    def refuse(_) -> None:
        raise PermissionError

    if asked:
        with pytest.raises(PermissionError):
            _run(engine, statement, allowed=refuse)
        assert engine.catalogue is before
    seen: list[str] = []
    _run(engine, statement, allowed=lambda access: seen.append(f"{access.privilege} {access.full_name}"))
    assert list(dict.fromkeys(seen)) == asked
