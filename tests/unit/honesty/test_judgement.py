"""The rules and their sum, without pytest in between."""

from __future__ import annotations

from datetime import date

import pytest

from seatrial.audit.baseline import Baseline, Violation
from seatrial.audit.findings import Findings, HonestySummary
from seatrial.audit.honesty import Judge, Verdict
from seatrial.audit.skips import SkipRegister
from seatrial.config.settings import DeclaredSkip

TODAY = date(2027, 1, 1)
HOLLOW = Violation("a.py::test_x", "no-assertion")
SKIPPED = Violation("a.py::test_x", "undeclared-skip")


@pytest.fixture
def baseline(tmp_path):
    return Baseline(path=tmp_path / "baseline.json", violations=frozenset({HOLLOW, SKIPPED}))


@pytest.fixture
def judge(baseline):
    declared = DeclaredSkip(test="a.py::test_agreed", reason="r", until=TODAY)
    return Judge(skips=SkipRegister((declared,), today=TODAY), baseline=baseline)


def stale(baseline: Baseline, *verdicts: Verdict | None) -> set[Violation]:
    found = Findings()
    for verdict in verdicts:
        assert verdict is not None
        found.add(verdict)
    return set(found.stale(baseline))


def test_what_makes_an_entry_stale(judge, baseline):
    test = HOLLOW.test
    assert stale(baseline, judge.passed(test, assertions=1)) == {HOLLOW, SKIPPED}
    assert stale(baseline, judge.passed(test, assertions=0)) == {SKIPPED}
    assert stale(baseline, judge.passed(test, assertions=None)) == {SKIPPED}
    assert stale(baseline, judge.failed(test, assertions=3)) == {SKIPPED}
    assert stale(baseline, judge.skipped(test, reason="r")) == set()
    assert stale(baseline, judge.xfailed(test, assertions=1)) == set()
    assert stale(baseline, judge.unbound(test)) == {HOLLOW, SKIPPED}


def test_a_declared_skip_is_no_proof_of_assertions(judge):
    verdict = judge.skipped("a.py::test_agreed", reason="r")
    assert (verdict.kind, verdict.cleared, verdict.message) == ("declared", ("undeclared-skip",), "")


def test_a_rule_broken_in_one_report_is_not_cleared_by_another(judge, baseline):
    test = SKIPPED.test
    subtest, whole = judge.skipped(test, reason="r"), judge.passed(test, assertions=1)
    assert stale(baseline, subtest, whole) == {HOLLOW}
    assert stale(baseline, whole, subtest) == {HOLLOW}


def test_violations_fail_unless_tolerated(judge, baseline):
    assert judge.passed(HOLLOW.test, assertions=0).kind == "tolerated"
    assert judge.passed(HOLLOW.test, assertions=0).message == ""
    new = judge.passed("a.py::test_new", assertions=0)
    assert (new.kind, new.rule) == ("violation", "no-assertion")
    assert new.message.startswith("no-assertion: ")
    everything = Judge(
        skips=SkipRegister((), today=TODAY), baseline=Baseline(path=baseline.path), tolerates_all=True
    )
    assert everything.skipped("a.py::test_new", reason="r").kind == "tolerated"


def test_tests_without_an_entry_need_no_verdict_when_they_are_not_bound(judge):
    assert judge.unbound("a.py::test_other") is None


def test_a_verdict_survives_the_way_between_processes(judge):
    verdict = judge.passed("a.py::test_x", assertions=3)
    assert Verdict.from_report(verdict.to_report()) == verdict


def test_several_reports_of_one_test_count_once_and_as_the_worst(judge):
    found = Findings()
    for verdict in (
        judge.skipped("a.py::test_y", reason="r"),
        judge.passed("a.py::test_y", assertions=2),
        judge.passed("a.py::test_y", assertions=3),
        judge.passed("a.py::test_z", assertions=4),
    ):
        found.add(verdict)
    assert found.summary() == HonestySummary(bound=2, assertions=7, violations=1)
    assert found.summary().line() == "2 bound tests, 7 assertions executed, 1 violations"


def test_a_run_in_which_everything_was_skipped(judge):
    found = Findings()
    assert not found.skipped_all()
    found.add(judge.skipped("a.py::test_agreed", reason="r"))
    assert found.skipped_all()
    found.add(judge.failed("a.py::test_z", assertions=0))
    assert not found.skipped_all()
