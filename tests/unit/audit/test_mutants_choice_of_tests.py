"""Which tests a mutant is shown to: those that may touch its table, out of the record of a run."""

from __future__ import annotations

from typing import Any

from seatrial.audit.mutations import Kind, Mutant
from seatrial.audit.mutations.choosing import Suite
from seatrial.audit.mutations.reaching import reaches
from seatrial.ledger import Catalogue, Ledger, Sql, Statement, Test
from seatrial.ledger.identifiers import names_in
from seatrial.postgres.catalog import Catalog
from seatrial.postgres.catalog.catalog import Entry

NOTHING = Catalog({})


def ledger(*statements: tuple[str, str, str], **tests: str) -> Ledger:
    """Statements as (test, phase, text); tests as name -> outcome."""
    read = Ledger()
    read.add(
        Catalogue(relations=(("public", "orders"), ("public", "items"), ("public", "totals"))), worker="main"
    )
    for name, outcome in tests.items():
        test: Any = {"id": f"t.py::{name}", "file": "t.py", "outcome": outcome, "phase": "call"}
        read.add(Test(**test, assertions=1, at=0.0, ms=100.0), worker="main")
    for number, (name, phase, text) in enumerate(statements):
        read.add(Sql(id=str(number), text=text, names=names_in(text)), worker="main")
        sent: Any = {"test": f"t.py::{name}", "phase": phase, "by": "test"}
        read.add(
            Statement(**sent, exchange=None, driver="psycopg", sql=str(number), at=0.0, ms=1.0), worker="main"
        )
    return read


def mutant(*relations: str) -> Mutant:
    return Mutant(name="m", kind=Kind.CHECK, relations=relations, statements=("x",))


def shown(suite: Suite, *relations: str) -> list[str]:
    return [test for group in suite.touching(mutant(*relations)) for test in group.tests]


def test_tests_are_chosen_by_what_their_statements_name() -> None:
    run = ledger(
        ("a", "call", "select * from orders"), ("b", "setup", "insert into items"), a="passed", b="passed"
    )
    suite = Suite.of_ledger(run, NOTHING)
    assert shown(suite, "public.orders") == ["t.py::a"]
    assert shown(suite, "public.items") == ["t.py::b"]
    assert shown(suite) == ["t.py::a", "t.py::b"]
    (rest,) = suite.others(mutant("public.orders"))
    assert rest.tests == ("t.py::b",)


def test_tests_that_did_not_pass_notice_nothing() -> None:
    run = ledger(("a", "call", "select from orders"), a="skipped", b="xfailed")
    assert shown(Suite.of_ledger(run, NOTHING)) == ["t.py::b"]


def test_who_reads_the_catalogues_compares_schemas_and_comes_last() -> None:
    run = ledger(
        ("a", "call", "select conname from pg_catalog.pg_constraint, orders"),
        ("b", "setup", "select conname from pg_constraint, orders"),
        a="passed",
        b="passed",
        c="passed",
    )
    suite = Suite.of_ledger(run, NOTHING, compares=["*::c"])
    assert suite.comparing == {"t.py::a", "t.py::c"}
    assert [(group.compares, group.tests) for group in suite.touching(mutant("public.orders"))] == [
        (False, ("t.py::b",)),
        (True, ("t.py::a",)),
    ]


def test_views_triggers_and_cascades_reach_further() -> None:
    entries = {
        Entry("relation", ("public", "totals")): {"kind": "view", "definition": "SELECT sum(a) FROM orders"},
        Entry("trigger", ("public", "items", "tr")): {"definition": "AFTER ... EXECUTE FUNCTION count_up()"},
        Entry("function", ("public", "count_up", "")): {"body": "begin update orders set n = n + 1; end"},
        Entry("constraint", ("public", "items", "fk")): {
            "kind": "foreign key",
            "definition": "FOREIGN KEY (o) REFERENCES public.orders(id) ON DELETE CASCADE",
        },
    }
    run = ledger(
        ("view", "call", "select * from totals"),
        ("trigger", "call", "insert into items values (1)"),
        ("cascade", "call", "delete from orders"),
        view="passed",
        trigger="passed",
        cascade="passed",
    )
    suite = Suite.of_ledger(run, Catalog(entries))
    assert shown(suite, "public.orders") == ["t.py::view", "t.py::trigger", "t.py::cascade"]
    assert set(shown(suite, "public.items")) >= {"t.py::trigger", "t.py::cascade"}


def test_a_foreign_key_without_an_action_reaches_nothing() -> None:
    definition = "FOREIGN KEY (o) REFERENCES public.orders(id)"
    key = {Entry("constraint", ("public", "items", "fk")): {"kind": "foreign key", "definition": definition}}
    assert reaches(Catalog(key)) == {}
