"""What one restore costs by itself: against the size of the schema, what was written, and what is seeded."""

from __future__ import annotations

import contextlib
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.figures import Goal, Section, Table
from bench.isolation.bay import DIRTIED, TWELVE, Cost, dirtying, open_bay, writing
from bench.places import Place, working_in

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.isolation.bay import Bay
    from bench.machine import Noise


@dataclass(frozen=True)
class _Case:
    """What a test does before its database is restored."""

    name: str
    statements: tuple[str, ...]
    by_hand: str = ""
    """How the tables are emptied instead, for comparison: TRUNCATE or DELETE."""
    rare: bool = False
    """Whether it takes so long that a tenth of the times must do."""

    needs_rows: bool = False
    """Whether it changes a seeded row, so that there must be one."""

    def cost(self, bay: Bay, times: int) -> Cost:
        often = max(times // 10, 1) if self.rare else times
        if self.by_hand:
            return bay.emptied(self.statements, self.by_hand, often)
        return bay.restored(self.statements, often)


@dataclass(frozen=True)
class _Series:
    """One table of figures: cases on databases of several sizes."""

    heading: str
    sizes: tuple[int, ...]
    cases: tuple[_Case, ...]
    seeded: bool = False
    """Whether the sizes are rows of a seeded table; else they are numbers of tables."""

    def cases_for(self, size: int) -> list[_Case]:
        """What can be measured on a database of that size."""
        return [case for case in self.cases if size or not case.needs_rows]


_READ = tuple(f"select count(*) from {table}" for table in DIRTIED[:3])
_SOME_ROW = "where id = (select max(id) / 2 from seeded)"
NOTHING = _Case("nothing changed, three tables read", _READ)
THREE = _Case("three tables, a new row each", dirtying(3))
CHANGED = _Case(
    "one seeded row changed", (f"update seeded set amount = amount + 1 {_SOME_ROW}",), needs_rows=True
)
BY_SIZE = _Series(
    "tables",
    (TWELVE, 60, 300),
    (
        NOTHING,
        _Case("one table, a new row", dirtying(1)),
        THREE,
        _Case("twelve tables, a new row each", dirtying(TWELVE)),
        _Case("by hand, three tables written: DELETE from all", dirtying(3), by_hand="delete", rare=True),
        _Case("by hand, three tables written: TRUNCATE of all", dirtying(3), by_hand="truncate", rare=True),
    ),
)
BY_ROWS = _Series(
    "rows written to one table with two indexes",
    (TWELVE,),
    (
        _Case("1", writing(1)),
        _Case("100", writing(100)),
        _Case("10,000", writing(10_000), rare=True),
    ),
)
BY_SEEDS = _Series(
    "rows in a seeded table with four indexes",
    (0, 1_000, 100_000),
    (
        _Case("another table written", dirtying(1)),
        _Case("a row added to it", ("insert into seeded (slug, name, amount) values ('new', 'new', 1)",)),
        CHANGED,
        _Case("one seeded row deleted", (f"delete from seeded {_SOME_ROW}",), needs_rows=True),
    ),
    seeded=True,
)
_Cells = dict[tuple[_Case, int], Cost]


def section(place: Place, noise: Noise, *, rounds: int, times: int) -> Section:
    """Measure and explain."""
    found = {
        series.heading: _measure(series, place, noise, rounds=rounds, times=times)
        for series in (BY_SIZE, BY_ROWS, BY_SEEDS)
    }
    return Section(
        title="A restore by itself",
        method=f"From the end of a test to a pristine database, without pytest, on {place.name}; the test's "
        "session stays open. Milliseconds, median / ninth decile of "
        f"{rounds} interleaved rounds of {times} (of {max(times // 10, 1)} by hand and for 10,000 rows); "
        "`copy`: a fresh copy was put in place, which ends the sessions.",
        tables=[_table(series, found[series.heading]) for series in (BY_SIZE, BY_ROWS, BY_SEEDS)],
        goals=_goals(found[BY_SIZE.heading], found[BY_SEEDS.heading]),
    )


def _measure(series: _Series, place: Place, noise: Noise, *, rounds: int, times: int) -> _Cells:
    cells: _Cells = {}
    with working_in(place) as root, contextlib.ExitStack() as stack:
        bays = {size: stack.enter_context(_bay(series, root, size)) for size in series.sizes}
        for number in range(rounds + 1):
            noise.note()
            for size, bay in bays.items():
                for case in series.cases_for(size):
                    cost = case.cost(bay, times)
                    if number:  # the first round fills the caches
                        cells.setdefault((case, size), Cost()).add(cost)
    return cells


def _bay(series: _Series, root: Path, size: int) -> contextlib.AbstractContextManager[Bay]:
    folder = root / f"bay-{size}"
    if series.seeded:
        return open_bay(folder, tables=TWELVE, seeded=size)
    return open_bay(folder, tables=size)


def _table(series: _Series, cells: _Cells) -> Table:
    sizes = ("ms",) if len(series.sizes) == 1 else tuple(f"{size:,}" for size in series.sizes)
    table = Table(columns=(series.heading, *sizes))
    for case in series.cases:
        table.rows.append((case.name, *(_cell(cells.get((case, size))) for size in series.sizes)))
    return table


def _cell(cost: Cost | None) -> str:
    return "-" if cost is None else cost.text()


def _goals(by_size: _Cells, by_seeds: _Cells) -> list[Goal]:
    most = BY_SEEDS.sizes[-1]
    return [
        _at_most(0.5, "three tables written, whatever the size of the schema", by_size, THREE, BY_SIZE.sizes),
        _at_most(0.15, "nothing changed", by_size, NOTHING, BY_SIZE.sizes),
        _at_most(1.5, f"one changed row of {most:,} seeded ones", by_seeds, CHANGED, (most,)),
    ]


def _at_most(limit: float, what: str, cells: _Cells, case: _Case, sizes: Sequence[int]) -> Goal:
    medians = [statistics.median(cells[case, size].milliseconds) for size in sizes]
    return Goal(
        text=f"{what}: at most {limit} ms",
        found=", ".join(f"{value:.2f}" for value in medians) + " ms",
        met=max(medians) <= limit,
    )
