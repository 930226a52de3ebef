"""Survivors, those that are declared, and declarations that hold no more."""

from __future__ import annotations

from datetime import date

import pytest

from seatrial.audit.mutations import Kind, Mutant
from seatrial.audit.mutations.outcome import Killed, Outcome
from seatrial.audit.mutations.summary import line, summary
from seatrial.audit.mutations.verdict import judge
from seatrial.config.settings import Survivor

TODAY = date(2030, 5, 1)


def outcome(kind: Kind, *killers: Killed, unbuildable: str = "") -> Outcome:
    mutant = Mutant(
        name=f"orders: {kind.value} x", kind=kind, relations=("public.orders",), statements=("x",)
    )
    files = {"t.py": any(not killer.compares for killer in killers)}
    return Outcome(mutant, list(killers), tried=3, files=files, unbuildable=unbuildable)


BEHAVES = Killed("t.py::orders", "assert 1 == 2", compares=False)
COMPARES = Killed("t.py::schema", "", compares=True)


@pytest.mark.parametrize(
    ("found", "passes"),
    [
        (outcome(Kind.CHECK, BEHAVES), True),
        (outcome(Kind.CHECK, COMPARES), False),
        (outcome(Kind.CHECK), False),
        (outcome(Kind.CHECK, unbuildable="needed"), True),
        (outcome(Kind.INDEX, COMPARES), True),
        (outcome(Kind.TYPE, COMPARES, BEHAVES), True),
        (outcome(Kind.INDEX), False),
    ],
)
def test_what_a_comparison_alone_is_good_for(found: Outcome, passes: bool) -> None:
    assert judge([found], []).passed is passes


def survivor(mutant: str, until: date) -> Survivor:
    return Survivor(mutant=mutant, reason="one region", owner="@orders", until=until)


def test_survivors_may_be_declared_until_a_day() -> None:
    alive = outcome(Kind.CHECK)
    assert judge([alive], [survivor("orders: check *", TODAY)], today=TODAY).passed
    verdict = judge([alive], [survivor("orders: check *", date(2030, 4, 30))], today=TODAY)
    assert not verdict.passed
    assert "orders: check x, declared by @orders until 2030-04-30: one region" in "\n".join(
        summary([alive], verdict)
    )


def test_of_several_declarations_the_one_that_holds_longest_counts() -> None:
    rules = [survivor("orders: *", date(2030, 4, 30)), survivor("orders: check *", TODAY)]
    assert judge([outcome(Kind.CHECK)], rules, today=TODAY).passed


def test_a_declaration_that_fits_no_survivor_is_told() -> None:
    dead = outcome(Kind.CHECK, BEHAVES)
    rule = survivor("orders: check *", TODAY)
    assert not judge([dead], [rule], today=TODAY).passed
    assert judge([dead], [rule], today=TODAY, partial=True).passed


def test_rates_are_given_with_and_without_comparisons() -> None:
    found = [
        outcome(Kind.CHECK, BEHAVES),
        outcome(Kind.CHECK, COMPARES),
        outcome(Kind.INDEX),
        outcome(Kind.PRIMARY_KEY, unbuildable="ERROR: others depend on it\nDETAIL: fk"),
    ]
    told = list(summary(found, judge(found, [])))
    assert told[-1] == (
        "killed: 3 of 4 (75.0 %), 1 of them by the server, which refuses to make them; of the 3 that were "
        "made, by behaviour: 1 (33.3 %)"
    )
    assert "check                            2       2             1        0" in told
    assert "primary key                      1       1             0        1" in told
    assert "   25.0 %  t.py" in told
    assert [line(one) for one in found] == [
        "killed    orders: check x  (t.py::orders: assert 1 == 2)",
        "compared  orders: check x  (t.py::schema)",
        "SURVIVED  orders: index x  (none of 3 tests failed)",
        "refused   orders: primary key x  (the server refuses it: ERROR: others depend on it)",
    ]
