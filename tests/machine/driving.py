"""Running many programs under hypothesis, from one seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.machine.programs import Program, programs
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
    phases = (Phase.generate, Phase.shrink) if shrink else (Phase.generate,)

    @seed(start)
    @settings(
        max_examples=number,
        phases=phases,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(programs(engine.lacking))
    def run(program: Program) -> None:
        before = stage.engine.tally.reasons.total()
        try:
            stage.run(program)
        except BaseException as failure:
            failure.add_note(f"program: {program}")
            raise
        statistics.note(program, stage.effective, replaced=stage.engine.tally.reasons.total() > before)

    run()
    return statistics
