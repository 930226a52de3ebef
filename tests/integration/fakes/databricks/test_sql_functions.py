"""Every function that is served gives what Databricks documents for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from seatrial.fakes.databricks.sql import NotServed, SqlEngine, SqlFailure
from seatrial.fakes.databricks.sql.functions import FUNCTIONS, UNSERVED

WRITTEN = Path(__file__).with_name("functions.txt").read_text(encoding="utf-8")
PLAIN = ("text", "numbers", "dates", "collections", "conditions")
FROM = " FROM VALUES (1, 'a', true), (2, 'b', false), (NULL, NULL, NULL), (4, 'c', NULL) AS v(n, s, b)"


def _cases(*headings: str) -> list[tuple[str, list[str | None]]]:
    """What stands under these headings: expressions of a SELECT, and the row that they give as JSON."""
    blocks = dict(block.split("\n", 1) for block in WRITTEN.removeprefix("# ").split("\n# "))
    lines = [line for heading in headings for line in blocks[heading].splitlines() if line]
    return [(left.strip(), json.loads(right)) for left, _, right in (line.rpartition("=>") for line in lines)]


@pytest.fixture(scope="module")
def engine():
    engine = SqlEngine()
    yield engine
    engine.close()


def _row(engine: SqlEngine, statement: str) -> list[str | None]:
    result = engine.execute(statement, user="ada@example.com")
    return result.rows[0] if result.rows else []


@pytest.mark.parametrize(("expressions", "expected"), _cases(*PLAIN))
def test_a_function(engine, expressions: str, expected: list[str | None]) -> None:
    assert _row(engine, f"SELECT {expressions}") == expected


@pytest.mark.parametrize(("expressions", "expected"), _cases("aggregates"))
def test_an_aggregate(engine, expressions: str, expected: list[str | None]) -> None:
    assert _row(engine, f"SELECT {expressions}{FROM}") == expected


@pytest.mark.parametrize(("expressions", "expected"), _cases("windows"))
def test_a_window(engine, expressions: str, expected: list[str | None]) -> None:
    select = f"SELECT n, {expressions}{FROM} WINDOW w AS (ORDER BY n)"
    assert _row(engine, f"SELECT * EXCEPT (n) FROM ({select}) ORDER BY n")[-len(expected) :] == expected


def test_grouping(engine) -> None:
    found = engine.execute(f"SELECT s, grouping(s), sum(n){FROM} GROUP BY ROLLUP (s) ORDER BY 2, 1", user="u")
    assert found.rows[-1] == [None, "1", "7"]
    assert found.rows[1] == ["a", "0", "1"]


def test_every_function_that_is_served_is_in_a_table() -> None:
    elsewhere = {"grouping", "raise_error"}
    missing = [name for name in FUNCTIONS if f"{name}(" not in WRITTEN.lower() and name not in elsewhere]
    assert missing == []


@pytest.mark.parametrize(
    ("expression", "error_class"),
    [
        ("1 / 0", "DIVIDE_BY_ZERO"),
        ("1 DIV 0", "DIVIDE_BY_ZERO"),
        ("1.5 DIV 0", "DIVIDE_BY_ZERO"),
        ("1 % 0", "REMAINDER_BY_ZERO"),
        ("pmod(1, 0)", "REMAINDER_BY_ZERO"),
        ("2147483647 + 1", "ARITHMETIC_OVERFLOW"),
        ("CAST('1.5' AS INT)", "CAST_INVALID_INPUT"),
        ("CAST('x' AS DATE)", "CAST_INVALID_INPUT"),
        ("CAST('x' AS DOUBLE)", "CAST_INVALID_INPUT"),
        ("CAST(3000000000 AS INT)", "CAST_OVERFLOW"),
        ("1 = 'a'", "CAST_INVALID_INPUT"),
        ("array(1)[1]", "INVALID_ARRAY_INDEX"),
        ("array(1)[-1]", "INVALID_ARRAY_INDEX"),
        ("element_at(array(1), 2)", "INVALID_ARRAY_INDEX_IN_ELEMENT_AT"),
        ("to_date('x', 'yyyy')", "CANNOT_PARSE_TIMESTAMP"),
        ("raise_error('no')", "USER_RAISED_EXCEPTION"),
        ("nothing_like_it(1)", "UNRESOLVED_ROUTINE"),
        ("upper()", "WRONG_NUM_ARGS.WITHOUT_SUGGESTION"),
    ],
)
def test_an_expression_that_fails(engine, expression: str, error_class: str) -> None:
    with pytest.raises(SqlFailure) as caught:
        _row(engine, f"SELECT {expression}")
    assert caught.value.error_class == error_class
    assert len(caught.value.sql_state) == 5


@pytest.mark.parametrize(
    "expression",
    [
        "ai_query('m', 'p')",
        "to_json(struct(1))",
        "date_format(DATE'2024-01-01', 'Q')",
        "date_format(DATE'2024-01-01', concat('yy', 'yy'))",
        "sha2('a', 512)",
        "DATE'2024-01-02' - DATE'2024-01-01'",
        "CAST(array(1) AS STRING)",
        "'it''s'",
        "count(DISTINCT 1, 2)",
        "get_json_object('{}', '$.a[*]')",
    ],
)
def test_what_is_not_served_is_named_instead_of_guessed(engine, expression: str) -> None:
    with pytest.raises(NotServed) as caught:
        _row(engine, f"SELECT {expression}")
    assert caught.value.code == "fakes.databricks-unserved-sql"


def test_no_function_is_both_served_and_refused() -> None:
    assert sorted(UNSERVED & set(FUNCTIONS)) == []
