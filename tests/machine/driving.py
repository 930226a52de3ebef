"""Running many programs under hypothesis, from one seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.machine.programs import Program, programs
from tests.machine.shrinking import smallest
from tests.machine.statistics import Statistics

if TYPE_CHECKING:
    from tests.machine.engines import Engine
    from tests.machine.stage import Stage


def drive(stage: Stage, engine: Engine, *, number: int, start: int, shrink: bool = True) -> Statistics:
    """Run programs until one fails; hypothesis then looks for a smaller one.

    Args:
        stage: where they run.
        engine: what the stage runs.
        number: how many programs.
        start: the seed; the same one gives the same programs.
        shrink: whether a failing program is made smaller.

    Raises:
        AssertionError: a baseline was not reached, with the smallest program found that shows it.
    """
    statistics = Statistics()
    failed: list[Program] = []

    @seed(start)
    @settings(
        max_examples=number,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(programs(engine.lacking))
    def run(program: Program) -> None:
        if failed:
            return
        before = stage.engine.tally.reasons.total()
        if _fails(stage, program):
            failed.append(program)
            return
        replaced = stage.engine.tally.reasons.total() > before
        statistics.note(program, stage.effective, replaced=replaced, engine=engine)

    run()
    if failed:
        _explain(stage, failed[0], shrink=shrink)
    return statistics


def _fails(stage: Stage, program: Program) -> bool:
    try:
        stage.run(program)
    except Exception:  # noqa: BLE001 - whatever an engine raises is its failure
        return True
    return False


def _explain(stage: Stage, program: Program, *, shrink: bool) -> NoReturn:
    """Raise what the program ends with, or, where it takes a history of other programs, what is known."""
    failure, log = stage.failure, list(stage.log)
    if shrink:
        program = smallest(program, lambda candidate: _fails(stage, candidate))
        if _fails(stage, program):
            failure, log = stage.failure, list(stage.log)
        else:
            log.append("(not again on a fresh engine: it takes the programs before it)")
    lines = [str(failure), *log, f"program: {program}"]
    raise AssertionError("\n".join(lines)) from failure
