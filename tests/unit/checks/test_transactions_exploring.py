"""The order in which interleavings are run: none twice, and all of them where nothing limits them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest

from seatrial.checks.transactions.exploring import Explorer


@dataclass
class Turns:
    """Somebody who has some steps to do, and stops before each, and before it begins."""

    name: str
    steps: int
    passed: int = -1


def ways(calls: int, steps: int, switches: int) -> list[str]:
    """Every run, as the names of who did each step."""
    explorer, found = Explorer(switches), []
    while True:
        explorer.begin()
        everybody = [Turns(chr(ord("a") + number), steps) for number in range(calls)]
        last, run = None, ""
        while ready := [each for each in everybody if each.passed < each.steps]:
            last = explorer.choose(ready, last)
            run += last.name if last.passed >= 0 else ""
            last.passed += 1
        found.append(run)
        if not explorer.advance():
            return found


@pytest.mark.parametrize(
    ("calls", "steps", "switches", "count"),
    [(2, 3, 0, 2), (2, 3, 1, 6), (2, 3, 2, 14), (2, 6, 2, 62), (3, 3, 2, 192), (2, 3, 9, math.comb(6, 3))],
)
def test_each_way_once(calls: int, steps: int, switches: int, count: int) -> None:
    found = ways(calls, steps, switches)
    assert len(found) == len(set(found)) == count
    assert {len(run) for run in found} == {calls * steps}


def test_the_first_ways_are_one_after_the_other_and_a_part_of_one() -> None:
    assert ways(2, 2, 1) == ["aabb", "abba", "bbaa", "baab"]
