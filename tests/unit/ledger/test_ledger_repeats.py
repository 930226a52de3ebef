"""Statements that differ in nothing but values are one; sent again and again, they are told."""

from __future__ import annotations

from typing import Any

import pytest

from seatrial.ledger import Exchange, Ledger, Sql, Statement, suspects
from seatrial.ledger.repeats import repeats
from seatrial.ledger.shapes import shape
from seatrial.ledger.sql.values import told_apart

SAME = [
    ("select * from a where id = $1", "select  *\nfrom a where id = $2 -- again"),
    ("select * from a where id = 7", "select * from a where id = 18.5e3"),
    ("select * from a where id = :id_1", "select * from a where id = %(id_2)s"),
    ("select 'it''s' /* 1 */ from a", "select E'x' from a"),
    ("select * from a where id in ($1, $2, $3)", "select * from a where id in (%s)"),
    ("where id in ($1::INTEGER, $2::INTEGER)", "where id in ($1::INTEGER)"),
    ("where at > $1::TIMESTAMP WITH TIME ZONE", "where at > '2024-01-01'"),
    ("where id = any($1::uuid[])", "where id = any(?)"),
    ("insert into a values (1, 'x'), (2, 'y')", "insert into a values (%s, %s)"),
]
OTHER = [
    ("select a1 from t", "select a2 from t"),
    ('select "it 1" from t', 'select "it 2" from t'),
    ("select * from a where id = $1", "select * from b where id = $1"),
    ("select x::text from t", "select x::int from t"),
    ("select v1.id from v1", "select v2.id from v2"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_texts_of_one_shape(one: str, other: str) -> None:
    assert shape(one) == shape(other)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_texts_of_different_shapes(one: str, other: str) -> None:
    assert shape(one) != shape(other)


def test_values_written_out_count_as_different_values() -> None:
    (found,) = repeats([("select 1", None), ("select 2", None), ("select 2", None)]).values()
    assert (found.text, found.times, found.different) == ("select 1", 3, 2)


class Odd:
    def __hash__(self) -> int:
        raise RuntimeError("not this one")


def test_values_are_told_apart_and_not_shown() -> None:
    for one, same, other in (
        ((1, "a"), [1, "a"], (1, "b")),
        ({"id": 1}, {"id": 1}, {"id": 2}),
        (([1, 2],), ([1, 2],), ([2, 1],)),
    ):
        assert told_apart(one) == told_apart(same) != told_apart(other)
    assert [told_apart(none) for none in ((), {}, None, 7, (Odd(),))] == [None] * 5
    # 2**61 - 1 is where Python's own hash of a number begins anew; without the salt all would be known.
    assert told_apart((7,)) != f"{hash((7,)) & 0xFFFFFFFF:08x}"


def ledger_of(*exchanges: list[tuple[str, str, Any]]) -> Ledger:
    ledger = Ledger()
    for number, statements in enumerate(exchanges):
        exchange = Exchange(
            id=f"main-{number}", test="t", phase="call", identity=None, method="GET", path=f"/{number}",
            status=200, at=0, ms=1,
        )  # fmt: skip
        ledger.add(exchange, worker="main")
        for by, text, values in statements:
            ledger.add(Sql(id=text, text=text), worker="main")
            statement = Statement(
                test="t", phase="call", exchange=exchange.id, by=by, driver="psycopg", sql=text,
                values=values, at=0, ms=1,
            )  # fmt: skip
            ledger.add(statement, worker="main")
    return ledger


def test_suspects_are_what_was_sent_with_many_different_values_the_worst_first() -> None:
    def sent(times: int, *, values: int = 100, by: str = "application") -> list[tuple[str, str, Any]]:
        return [(by, "select * from a where id = $1", str(number % values)) for number in range(times)]

    ledger = ledger_of(
        sent(5),
        sent(9),
        sent(4),
        sent(20, values=1),
        sent(20, by="test"),
        [("application", "select 1", None)],
    )
    found = suspects(ledger)
    assert [(suspect.exchange.path, suspect.statements) for suspect in found] == [("/1", 9), ("/0", 5)]
    assert str(found[0]) == (
        "GET /1 in t: 9 statements, one 9 times with 9 sets of values: select * from a where id = $1"
    )
    assert [suspect.exchange.path for suspect in suspects(ledger, at_least=4)] == ["/1", "/0", "/2"]
