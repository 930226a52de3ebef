"""Ctrl-C and a polite request to end: at any moment, and nothing is left."""

from __future__ import annotations

import signal

import pytest

from tests.support.gated_project import MOMENTS, gated, waiting
from tests.support.project import Project
from tests.support.runs import Runs

INTERRUPTED = 2


@pytest.mark.parametrize("moment", [moment for moment in MOMENTS if moment != "teardown"])
def test_ctrl_c_at(runs: Runs, project: Project, moment: str) -> None:
    run = runs.pytest(gated(project), "--seatrial-rebuild", GATE=moment)
    run.wait_for(lambda: waiting(project, moment))
    assert run.kill(signal.SIGINT, group=True) == INTERRUPTED, run.output
    run.expect_nothing_left()
    assert "KeyboardInterrupt" in run.output
    assert "INTERNALERROR" not in run.output


def test_ctrl_c_with_workers(runs: Runs, project: Project) -> None:
    run = runs.pytest(gated(project), "-n", "2", GATE="test")
    run.wait_for(lambda: len(waiting(project, "test")) == 2)
    assert run.kill(signal.SIGINT, group=True) == INTERRUPTED, run.output
    run.expect_nothing_left()


@pytest.mark.parametrize("moment", ["template", "test"])
def test_sigterm_at(runs: Runs, project: Project, moment: str) -> None:
    run = runs.pytest(gated(project), "--seatrial-rebuild", GATE=moment)
    run.wait_for(lambda: waiting(project, moment))
    assert run.kill(signal.SIGTERM) == -signal.SIGTERM
    run.expect_nothing_left()
