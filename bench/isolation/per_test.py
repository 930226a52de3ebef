"""What every technique costs each test of a suite, over the same number of tests without a database."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.figures import Goal, Section, Table, spread
from bench.isolation import techniques
from bench.isolation.yard import TWELVE, UnmeasuredError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.isolation.techniques import Technique
    from bench.isolation.yard import Yard
    from bench.machine import Noise

MANY_TABLES = 60
_WARM_UP = 3


@dataclass
class Found:
    """Milliseconds per test of one technique, one figure for each round."""

    means: list[float] = field(default_factory=list)
    medians: list[float] = field(default_factory=list)
    why_not: str = ""

    @property
    def mean(self) -> float:
        """The middle round."""
        return statistics.median(self.means)


def measure(
    yard: Yard, which: Sequence[Technique], noise: Noise, *, rounds: int, tests: int, tables: int = TWELVE
) -> dict[Technique, Found]:
    """Interleaved rounds; a technique that fails is left out from then on, and its reason kept."""
    found = {technique: Found() for technique in which}
    for number in range(tests <= _WARM_UP, rounds + 1):
        noise.note()
        for technique, figures in found.items():
            if figures.why_not:
                continue
            try:
                # A short run first builds templates and fills caches.
                run = yard.run(technique, tests if number else _WARM_UP, tables=tables)
            except UnmeasuredError as error:
                figures.why_not = str(error)
                continue
            if number:
                figures.means.append(run.mean)
                figures.medians.append(run.median)
    return found


def twelve_tables(yard: Yard, noise: Noise, *, rounds: int, tests: int) -> Section:
    """All techniques on twelve tables."""
    which = (techniques.PLAIN, techniques.UNISOLATED, *techniques.OURS, *techniques.PEERS)
    found = measure(yard, which, noise, rounds=rounds, tests=tests)
    return Section(
        title="A test with a clean database",
        method=f"{tests} tests that INSERT, COMMIT and SELECT through SQLAlchemy or Django's ORM on {TWELVE} "
        f"tables. {_method(rounds, tests)} Every peer uses one server that is there already and is reached "
        "as ours is, by TCP with a password. Whatever rolls back never commits.",
        tables=[_table(found)],
        goals=[
            _not_more("`reset` with real commits costs no more than the rollback recipe", found),
            _times(
                "`reset` costs at least 20 times less than pytest-postgresql",
                found,
                techniques.PYTEST_POSTGRESQL,
                20,
            ),
        ],
    )


def many_tables(yard: Yard, noise: Noise, *, rounds: int, tests: int) -> Section:
    """What depends on the size of the schema."""
    which = (techniques.PLAIN, techniques.RESET, techniques.RECIPE, techniques.DELETE, techniques.TRUNCATE)
    found = measure(yard, which, noise, rounds=rounds, tests=tests, tables=MANY_TABLES)
    text = f"on {MANY_TABLES} tables, `reset` costs at least 10 times less than TRUNCATE of all"
    return Section(
        title=f"The same on {MANY_TABLES} tables",
        method=f"{tests} tests. {_method(rounds, tests)}",
        tables=[_table(found)],
        goals=[_times(text, found, techniques.TRUNCATE, 10)],
    )


def _method(rounds: int, tests: int) -> str:
    return (
        f"{rounds} interleaved rounds; a test is its set-up, call and teardown; mean of tests 2 to "
        f"{tests - 1}, median [least .. most] of the rounds; then the "
        "middle test of the middle round. "
        "`over plain` is what is left of the mean without plain pytest; `ratio` compares that with `reset`."
    )


def _table(found: dict[Technique, Found]) -> Table:
    table = Table(columns=("suite", "ms per test", "middle test", "over plain", "ratio"))
    for technique, figures in found.items():
        if figures.why_not:
            table.rows.append((technique.name, f"not measured: {figures.why_not}", "", "", ""))
            continue
        over, ours = _over(found, technique), _over(found, techniques.RESET)
        table.rows.append(
            (
                technique.name,
                spread(figures.means, digits=2),
                f"{statistics.median(figures.medians):.2f}",
                f"{over:.2f}" if over is not None else "",
                f"{over / ours:.2f}" if over is not None and ours else "",
            )
        )
    return table


def _over(found: dict[Technique, Found], technique: Technique) -> float | None:
    """Milliseconds per test over plain pytest; None where one of the two was not measured."""
    plain, figures = found[techniques.PLAIN], found[technique]
    return figures.mean - plain.mean if figures.means and plain.means else None


def _not_more(text: str, found: dict[Technique, Found]) -> Goal:
    ours, theirs = _over(found, techniques.RESET), _over(found, techniques.RECIPE)
    if ours is None or theirs is None:
        return _unmeasured(text)
    return Goal(
        text=text,
        found=f"{ours:.2f} ms against {theirs:.2f} ms over plain pytest",
        met=ours <= theirs,
        because="a real commit, the look at what a test left behind and the restore ask the server three "
        "times more than a rollback does",
    )


def _times(text: str, found: dict[Technique, Found], other: Technique, goal: float) -> Goal:
    ours, theirs = _over(found, techniques.RESET), _over(found, other)
    if ours is None or theirs is None:
        return _unmeasured(text)
    return Goal(text=text, found=f"{theirs / ours:.1f} times", met=theirs >= goal * ours)


def _unmeasured(text: str) -> Goal:
    return Goal(text=text, found="nothing: one of the two was not measured", met=False)
