"""Making a failing program smaller.

Leaving out steps is all that is needed here, and takes far fewer runs than shrinking the choices behind them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.machine.programs import Program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MOST_RUNS = 150


def smallest(program: Program, fails: Callable[[Program], bool]) -> Program:
    """The smallest program found that still fails, after at most 150 runs."""
    runs = 0
    found = program
    smaller = _smaller(found)
    while runs < _MOST_RUNS and (candidate := next(smaller, None)) is not None:
        runs += 1
        if fails(candidate):
            found, smaller = candidate, _smaller(candidate)
    return found


def _smaller(program: Program) -> Iterator[Program]:
    """Without half of the steps, a quarter ..., one; then with simpler steps."""
    steps = program.steps
    size = len(steps)
    while size := size // 2:
        for start in range(0, len(steps), size):
            yield Program(steps[:start] + steps[start + size :])
    if len(steps) == 1:
        yield Program(())
    for index, step in enumerate(steps):
        variants = len(step.operation.variants)
        for simpler in (replace(step, session=0), replace(step, number=step.number % variants)):
            if simpler != step:
                yield Program((*steps[:index], simpler, *steps[index + 1 :]))
