"""The summary of a run: figures of several processes added up, and told in a few lines."""

from __future__ import annotations

from seatrial.report.summary import RunSummary, render

FIRST = RunSummary(
    tests=3, server="PostgreSQL 18.6, embedded", template="template from the cache, 2 tables", start=0.05,
    application="shop:app", application_start=0.2, replaced=2, isolation_time=0.02,
)  # fmt: skip
SECOND = RunSummary(
    tests=2, server="PostgreSQL 18.6, embedded", template="template built in 90 ms, 2 tables", start=0.5,
    application="shop:app", application_start=0.1, replaced=1, isolation_time=0.025,
)  # fmt: skip


def test_processes_are_added_up() -> None:
    total = RunSummary.merged([FIRST, RunSummary(), SECOND])
    assert (total.tests, total.processes, total.replaced, total.start) == (5, 2, 3, 0.5)
    assert total.template == "template built in 90 ms, 2 tables"


def test_it_is_told_in_four_lines() -> None:
    assert render(RunSummary.merged([FIRST, SECOND])) == [
        "tests        5 used seatrial in 2 processes",
        "database     PostgreSQL 18.6, embedded; ready in 500 ms; template built in 90 ms, 2 tables",
        "application  shop:app; started in 200 ms",
        "isolation    3 fresh databases put in place; 15 ms each",
    ]


def test_what_was_not_used_is_not_told() -> None:
    assert render(RunSummary(tests=1)) == ["tests        1 used seatrial"]


def test_a_worker_hands_its_figures_over_as_json() -> None:
    assert RunSummary.from_json(FIRST.to_json()) == FIRST
