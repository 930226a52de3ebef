"""The engine around the statements: rows and files, names, baselines, threads, and what it keeps out."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from seatrial.errors import FakeError
from seatrial.fakes.databricks.sql import SqlCancelled, SqlEngine, SqlFailure, TableName

T = TableName("main", "lab", "t")
SLOW = "SELECT count(*) FROM range(1000000) a CROSS JOIN range(1000000) b WHERE a.id + b.id = -1"


@pytest.fixture
def engine():
    engine = SqlEngine(schema="lab")
    yield engine
    engine.close()


def _rows(engine: SqlEngine, statement: str, **options):
    return engine.execute(statement, user="u", **options).rows


def test_values_of_every_type(engine) -> None:
    columns = {
        "b": "BOOLEAN",
        "t": "TINYINT",
        "s": "SMALLINT",
        "i": "INT",
        "l": "BIGINT",
        "f": "FLOAT",
        "d": "DOUBLE",
        "n": "DECIMAL(10,2)",
        "x": "STRING",
        "y": "BINARY",
        "day": "DATE",
        "at": "TIMESTAMP",
        "local": "TIMESTAMP_NTZ",
        "a": "ARRAY<INT>",
        "m": "MAP<STRING, DOUBLE>",
        "r": "STRUCT<p: INT, q: ARRAY<STRUCT<z: STRING>>>",
        "v": "VARIANT",
    }
    at = datetime(2024, 2, 29, 12, 30, 0, 123456, UTC)
    row = (True, 1, 2, 3, 2**40, 0.1, 1e20, Decimal("1.5"), 'é"\n', b"\x00\xff", date(2024, 2, 29), at)
    nested = ([1, None], {"k": 1.0}, {"p": 1, "q": [{}]}, {"any": [1]})
    engine.create_table(T, columns, [(*row, datetime(2024, 1, 1), *nested), dict.fromkeys(columns)])  # noqa: DTZ001
    full, empty = _rows(engine, "SELECT * FROM t ORDER BY i DESC")
    assert full == [
        *("true", "1", "2", "3", "1099511627776", "0.1", "1.0E20", "1.50", 'é"\n', "AP8=", "2024-02-29"),
        *("2024-02-29T12:30:00.123456Z", "2024-01-01T00:00:00.000", "[1,null]", '{"k":1.0}'),
        *('{"p":1,"q":[{"z":null}]}', '{"any": [1]}'),
    ]
    assert empty == [None] * len(columns)
    assert engine.rows(T)[0][:5] == (True, 1, 2, 3, 2**40)
    assert [column.type_text for column in engine.columns(T)] == list(columns.values())
    assert [column.type_name for column in engine.columns(T)][1:5] == ["BYTE", "SHORT", "INT", "LONG"]


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ((1,), "row 1 is 1 values"),
        ({"id": 1, "nmae": "x"}, "row 1 has nmae, which is no column"),
        (("1", "x"), "row 1 has a str in id INT"),
        ((1.5, "x"), "row 1 has a float in id INT"),
        ((True, "x"), "row 1 has a bool in id INT"),
        ((2**40, "x"), "row 1 has a number that is too large in id INT"),
        ((1, 2), "row 1 has a int in name STRING"),
    ],
)
def test_a_row_that_does_not_fit(engine, row, found: str) -> None:
    with pytest.raises(FakeError) as caught:
        engine.create_table(T, {"id": "INT", "name": "STRING"}, [row])
    assert caught.value.code == "fakes.databricks-rows"
    assert found in str(caught.value)
    assert engine.catalogue.find(T) is None


@pytest.mark.parametrize("text", ["NONSENSE", "ARRAY<", "DECIMAL(99,2)", "", "INT; DROP TABLE x"])
def test_a_type_that_is_none(engine, text: str) -> None:
    with pytest.raises(FakeError) as caught:
        engine.create_table(T, {"id": text})
    assert caught.value.code == "fakes.databricks-type"


def test_files(engine, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('id,name\n1,"a,b"\n2,\n', encoding="utf-8")
    engine.create_table(
        T, {"id": "INT", "name": "STRING", "more": "DATE"}, [(3, "c", None)], file=tmp_path / "t.csv"
    )
    assert _rows(engine, "SELECT * FROM t ORDER BY id") == [
        ["1", "a,b", None],
        ["2", None, None],
        ["3", "c", None],
    ]
    (tmp_path / "t.json").write_text(json.dumps([{"id": 1, "tags": ["x"]}]), encoding="utf-8")
    engine.create_table(T, {"id": "BIGINT", "tags": "ARRAY<STRING>"}, file=tmp_path / "t.json")
    assert _rows(engine, "SELECT * FROM t") == [["1", '["x"]']]
    _parquet(tmp_path / "t.parquet")
    engine.create_table(T, file=tmp_path / "t.parquet")
    assert [(column.name, column.type_text) for column in engine.columns(T)] == [
        ("id", "INT"),
        ("day", "DATE"),
        ("n", "DECIMAL(4,1)"),
    ]
    assert _rows(engine, "SELECT * FROM t") == [["1", "2024-02-29", "1.5"]]
    for path in (tmp_path / "missing.csv", tmp_path / "t.xlsx"):
        with pytest.raises(FakeError) as caught:
            engine.create_table(T, {"id": "INT"}, file=path)
        assert caught.value.code == "fakes.databricks-file"


def _parquet(path: Path) -> None:
    import duckdb

    with duckdb.connect() as connection:
        query = "SELECT 1::INTEGER AS id, DATE '2024-02-29' AS day, 1.5::DECIMAL(4,1) AS n"
        connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")


@pytest.mark.parametrize(
    "catalog", ["main", "temp", "system", "memory", "hive_metastore", "with space", "naïve", "a`b"]
)
def test_names_of_catalogs(engine, catalog: str) -> None:
    name = TableName(catalog, "select", 'group by.1 "x"')
    engine.create_table(name, {"order": "INT", "Ärger €": "STRING"}, [(1, "L")])
    assert _rows(engine, f"SELECT `ORDER`, `äRGER €` FROM {name.quoted.upper()}") == [["1", "L"]]
    _rows(engine, f"UPDATE {name.quoted} SET `ÄRGER €` = 'XL'")
    assert engine.rows(name) == [(1, "XL")]
    assert _rows(engine, f"SHOW COLUMNS IN {name.quoted}") == [["order"], ["Ärger €"]]
    quoted = name.quoted.rpartition(".`group")[0]
    assert _rows(engine, f"SHOW TABLES IN {quoted}") == [["select", name.table, "false"]]


def test_restore_brings_back_what_was_written_since(engine) -> None:
    engine.create_table(T, {"id": "INT"}, [(1,)])
    engine.create_table(TableName("main", "lab", "big"), {"id": "INT"}, [(n,) for n in range(1000)])
    engine.snapshot()
    before = {table.name: table.relation for table in engine.catalogue.tables()}
    for _ in range(2):
        engine.execute("INSERT INTO t VALUES (2)", user="u")
        engine.execute("UPDATE t SET id = id * 10", user="u")
        engine.execute("CREATE TABLE more AS SELECT * FROM t", user="u")
        engine.execute("CREATE SCHEMA fresh", user="u")
        engine.add_rows(T, [(5,)])
        assert sorted(engine.rows(T)) == [(5,), (10,), (20,)]
        after = {table.name: table.relation for table in engine.catalogue.tables()}
        assert [str(name) for name in before if before[name] != after[name]] == ["main.lab.t"]
        engine.restore()
        assert engine.rows(T) == [(1,)]
        assert {table.name: table.relation for table in engine.catalogue.tables()} == before
        assert not engine.catalogue.has_schema("main", "fresh")
    engine.execute("DROP TABLE t", user="u")
    engine.restore()
    assert engine.rows(T) == [(1,)]
    assert _tables_in_duckdb(engine) == sorted(before.values())


def _tables_in_duckdb(engine: SqlEngine) -> list[str]:
    found = engine._store.cursor().execute("SELECT table_name FROM duckdb_tables() ORDER BY 1").fetchall()
    return sorted(name for (name,) in found)


def test_a_second_snapshot_takes_the_place_of_the_first(engine) -> None:
    engine.create_table(T, {"id": "INT"}, [(1,)])
    engine.snapshot()
    engine.add_rows(T, [(2,)])
    engine.snapshot()
    engine.add_rows(T, [(3,)])
    engine.restore()
    assert sorted(engine.rows(T)) == [(1,), (2,)]
    assert len(_tables_in_duckdb(engine)) == 1


def test_readers_do_not_wait_for_a_long_statement(engine) -> None:
    engine.create_table(T, {"id": "INT"}, [(1,)])
    ended: list[Exception] = []

    def slow() -> None:
        try:
            engine.execute(SLOW, user="u", key="slow")
        except SqlCancelled as cancelled:
            ended.append(cancelled)

    thread = threading.Thread(target=slow)
    thread.start()
    assert _rows(engine, "SELECT id FROM t") == [["1"]]
    engine.execute("INSERT INTO t VALUES (2)", user="u")
    while not engine.interrupt("slow"):
        assert thread.is_alive()
    thread.join()
    assert len(ended) == 1
    assert not engine.interrupt("slow")


def test_restore_ends_what_still_runs(engine) -> None:
    engine.snapshot()
    ended = threading.Event()
    begun = threading.Event()

    def slow() -> None:
        try:
            begun.set()
            engine.execute(SLOW, user="u", key="slow")
        except SqlCancelled:
            ended.set()

    thread = threading.Thread(target=slow)
    thread.start()
    begun.wait()
    while thread.is_alive():
        engine.restore()
    assert ended.is_set()


def test_many_threads_write_and_read(engine) -> None:
    engine.create_table(T, {"id": "INT"})
    engine.snapshot()
    start = threading.Barrier(8)
    failed: list[BaseException] = []

    def work(number: int) -> None:
        try:
            start.wait()
            for step in range(5):
                engine.execute(f"INSERT INTO t VALUES ({number * 100 + step})", user="u")
                assert int(_rows(engine, "SELECT count(*) FROM t")[0][0] or 0) > step
        except BaseException as error:  # noqa: BLE001 - told below
            failed.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(set(engine.rows(T))) == 40


def test_the_database_has_no_access_to_files_and_no_way_to_get_it(engine, tmp_path: Path) -> None:
    import duckdb

    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n", encoding="utf-8")
    cursor = engine._store.cursor()
    for statement in (
        f"SELECT * FROM read_csv('{secret}')",
        f"COPY (SELECT 1) TO '{tmp_path / 'out'}'",
        f"ATTACH '{tmp_path / 'x.db'}' AS x",
        "SET enable_external_access = true",
        "INSTALL httpfs",
    ):
        with pytest.raises(duckdb.Error):
            cursor.execute(statement)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["secret.csv"]


def test_times_are_utc_wherever_the_machine_is() -> None:
    code = (
        "from seatrial.fakes.databricks.sql import SqlEngine\n"
        "e = SqlEngine()\n"
        "print(e.execute(\"SELECT CAST('2024-07-01 12:00:00' AS TIMESTAMP), \"\n"
        "\"hour(TIMESTAMP'2024-07-01 12:00:00')\", user='u').rows)\n"
    )
    environment = {"TZ": "America/New_York", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[['2024-07-01T12:00:00.000Z', '12']]"


def test_neither_import_nor_construction_brings_sqlglot_in() -> None:
    code = (
        "import sys\nfrom seatrial.fakes.databricks.sql import SqlEngine\n"
        "assert not {'duckdb', 'sqlglot', 'databricks'} & set(sys.modules), 'imported'\n"
        "sys.modules['duckdb'] = None\n"
        "try:\n    SqlEngine()\nexcept Exception as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[fakes.databricks-sql]" in done.stdout
    assert 'pip install "seatrial[databricks-sql]"' in done.stdout


def test_a_statement_nested_beyond_measure_fails(engine) -> None:
    with pytest.raises(SqlFailure):
        _rows(engine, "SELECT " + "(" * 5000 + "1" + ")" * 5000)


def test_a_long_text_and_strange_characters_are_values(engine) -> None:
    from seatrial.fakes.databricks.sql import Parameter

    text = "x" * 1_000_000 + "é\u2028'\"\\"
    given = (Parameter(name="t", value=text),)
    assert _rows(engine, "SELECT :t, length(:t)", parameters=given) == [[text, str(len(text))]]
