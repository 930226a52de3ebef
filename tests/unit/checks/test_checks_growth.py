"""What the counts for few and many rows say: what fails, what is only told, what proves nothing."""

from __future__ import annotations

import pytest

from seatrial.checks import Finding, Note
from seatrial.checks.queries.calling import Answer
from seatrial.checks.queries.comparing import Compared, verdict
from seatrial.checks.queries.operations import Operation

ONE = "select * from lines where id = $1"


def answer(*texts: str, size: int = 1, status: int | None = 200, error: str = "") -> Answer:
    sent = tuple((text, str(number)) for number, text in enumerate(texts))
    return Answer(status=status, size=size, sent=sent, error=error)


def said(few: Answer, many: Answer, *, user: str | None = None) -> list[Finding | Note]:
    compared = [Compared(operation=Operation(template="/a"), user=user, few=few, many=many)]
    return list(verdict(compared, rows=(1, 10), gaps=["COPY"], name="queries.n_plus_one"))


@pytest.mark.parametrize(
    ("few", "many"),
    [
        (answer(ONE), answer(*[ONE] * 3, size=9)),
        (answer(), answer(*[ONE] * 2)),
        # As many statements in all, and still one for each row.
        (answer(*[f"select {letter} from warm_up" for letter in "abc"]), answer(*[ONE] * 3, size=9)),
        (answer("select 1 from a where id in ($1)"), answer(*["select 1 from a where id in (1, 2)"] * 3)),
    ],
)
def test_what_fails(few: Answer, many: Answer) -> None:
    (finding,) = said(few, many)
    assert isinstance(finding, Finding)
    assert finding.where == "GET /a"
    assert finding.detail == many.sent[0][0]
    assert f"called by nobody; this one was sent {len(many.sent)} times" in finding.what


@pytest.mark.parametrize(
    ("few", "many", "note"),
    [
        (answer(ONE), answer(ONE, size=9), "compared: GET /a (1 statements)"),
        (
            answer("where id in ($1)"),
            answer("where id in ($1, $2)", size=9),
            "compared: GET /a (1 statements)",
        ),
        (
            answer(ONE),
            answer(ONE, ONE, size=9),
            "more statements for many rows, and none of them again and again: GET /a (1, then 2)",
        ),
    ],
)
def test_what_does_not(few: Answer, many: Answer, note: str) -> None:
    assert said(few, many) == [Note(note)]


@pytest.mark.parametrize(
    ("few", "many", "note", "what"),
    [
        (answer(ONE), answer(ONE), "not exercised, the answer does not grow", "and of 1 operations none did"),
        (answer(), answer(size=9), "compared: GET /a (0 statements)", "heard not one"),
        (answer(), answer(), "no statement is sent: GET /a", "heard not one"),
        (answer(ONE, status=403), answer(ONE, status=403), "nobody an answer: GET /a (403)", "none did"),
        (answer(status=None), answer(status=None), "no id is known for its path", "heard not one"),
        # What was refused for one row is not compared with what was answered for ten.
        (answer(status=404), answer(*[ONE] * 9, size=9), "nobody an answer: GET /a (404)", "none did"),
    ],
)
def test_what_proves_nothing_is_never_green(few: Answer, many: Answer, note: str, what: str) -> None:
    told, finding = said(few, many)
    assert isinstance(told, Note)
    assert note in told.text
    assert isinstance(finding, Finding)
    assert finding.where == "queries.n_plus_one"
    assert what in finding.what


def test_what_raises_for_everybody_fails() -> None:
    broken = answer(status=500, error="KeyError: 'row 1'")
    finding = said(broken, broken, user="alice")[0]
    assert isinstance(finding, Finding)
    assert "it raises KeyError: 'row 1', called by alice" in finding.what
    fine = Compared(operation=Operation(template="/a"), user="bob", few=answer(ONE), many=answer(ONE, size=9))
    both = [Compared(operation=fine.operation, user="alice", few=broken, many=broken), fine]
    assert list(verdict(both, rows=(1, 10), gaps=(), name="x")) == [Note("compared: GET /a (1 statements)")]


def test_who_calls_and_the_worst_of_them() -> None:
    compared = [
        Compared(operation=Operation(template="/a"), user=user, few=answer(ONE), many=answer(*[ONE] * times))
        for user, times in (("alice", 4), ("bob", 9), ("eve", 1))
    ]
    (finding,) = verdict(compared, rows=(1, 10), gaps=(), name="x")
    assert isinstance(finding, Finding)
    assert "found 9 instead of 1, called by alice, bob; this one was sent 9 times" in finding.what
