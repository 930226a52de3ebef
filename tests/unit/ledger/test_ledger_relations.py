"""Which relations a statement touches, by its text alone: nothing may be missed."""

from __future__ import annotations

import pytest

from seatrial.ledger.identifiers import names_in
from seatrial.ledger.relations import Relations, executed, prepared_names

KNOWN = [
    ("public", "orders"),
    ("public", "items"),
    ("public", "Mixed Case"),
    ("public", "user"),
    ("archive", "orders"),
    ("archive", "events"),
]


def touched(sql: str, **reaches: list[str]) -> set[str]:
    return set(Relations(KNOWN, reaches=reaches).of(names_in(sql)))


BOTH_ORDERS = {"public.orders", "archive.orders"}


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select 1", set()),
        ("select * from items", {"public.items"}),
        ("SELECT * FROM Items AS i WHERE i.id = $1", {"public.items"}),
        ("select * from orders", BOTH_ORDERS),
        ("select * from archive.orders", {"archive.orders"}),
        ("select * from public . orders", {"public.orders"}),
        ('select * from "archive"."orders"', {"archive.orders"}),
        ("select * from shop.archive.orders", {"archive.orders"}),
        ('delete from "Mixed Case"', {"public.Mixed Case"}),
        ('select * from "user"', {"public.user"}),
        ("select orders.id from x", BOTH_ORDERS),
        ('select * from U&"\\0069tems"', {"public.items"}),
        ("insert into items (a) select a from events", {"public.items", "archive.events"}),
        ("with items as (select 1) select * from items", {"public.items"}),
        ("select 1 -- from items\n", set()),
        ("select 1 /* from items /* nested */ items */ from events", {"archive.events"}),
        ("select '--' from items", {"public.items"}),
        ("select '/*' from items -- */", {"public.items"}),
        ("select E'it\\'s --' from items", {"public.items"}),
        ("select 'it''s' from items", {"public.items"}),
        ("select $$ -- $$ from items", {"public.items"}),
        ("select $1, $2 from items", {"public.items"}),
        ("select %(items)s from events", {"archive.events"}),
        ("copy items (a, b) from stdin", {"public.items"}),
        ("copy (select * from items) to stdout", {"public.items"}),
        ("prepare p as select * from items", {"public.items"}),
        ("do $do$ begin delete from items; end $do$", {"public.items"}),
        ("do $a$ begin execute $b$ delete from items $b$; end $a$", {"public.items"}),
        ("do $$ begin execute 'delete from items'; end $$", {"public.items"}),
        ("select to_regclass('archive.orders')", {"archive.orders"}),
        ("select to_regclass('\"Mixed Case\"')", {"public.Mixed Case"}),
        ("select query_to_xml('select * from items', true, true, '')", {"public.items"}),
        ("truncate items, events", {"public.items", "archive.events"}),
        ("alter table only items add column x int", {"public.items"}),
        ("lock table items in share mode", {"public.items"}),
        (
            "merge into items using events on true when matched then delete",
            {"public.items", "archive.events"},
        ),
        ("table items", {"public.items"}),
        ("select a[items] from x", {"public.items"}),
        ("select 'never closed from items", {"public.items"}),
        ('select * from "items', {"public.items"}),
        ("select $x$ never closed items", {"public.items"}),
        ("/* never closed items", set()),
        ("select\u00a01 from items", {"public.items"}),
        ("", set()),
    ],
)
def test_what_a_statement_names(sql: str, expected: set[str]) -> None:
    assert touched(sql) == expected


def test_names_of_other_alphabets() -> None:
    relations = Relations([("public", "заказы"), ("public", "Ünïcode")])
    assert relations.of(names_in("select * from заказы")) == {"public.заказы"}
    assert relations.of(names_in('select * from "Ünïcode"')) == {"public.Ünïcode"}


def test_what_is_reached_without_being_named() -> None:
    reaches = {"public.total()": ["items"], "items": ["archive.events"], "archive.events": ["items"]}
    assert Relations(KNOWN, reaches=reaches).of(names_in("select total()")) == {
        "public.items",
        "archive.events",
    }
    assert touched("select total()") == set()


def test_a_statement_that_was_prepared_by_another() -> None:
    texts = ["PREPARE fetch_items (int) AS select * from items", "select 1", 'prepare "Two" as table events']
    prepared = prepared_names((text, names_in(text)) for text in texts)
    relations = Relations(KNOWN)
    assert relations.of(prepared[executed(" EXECUTE fetch_items(1)") or ""]) == {"public.items"}
    assert relations.of(prepared[executed('execute "Two"') or ""]) == {"archive.events"}
    assert executed("select 1") is None


def test_a_long_text_is_read_in_a_moment() -> None:
    values = ", ".join(f"({n}, 'a value of no interest')" for n in range(20_000))
    names = names_in(f"insert into items values {values}")
    assert ("items",) in names
    assert len(names) < 20
