"""Several runs of one project at the same time, on a cache that is cold, warm, or being built anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.gated_project import gated
from tests.support.project import Project
from tests.support.runs import Runs


@pytest.mark.parametrize("arguments", [(), ("-n", "2")], ids=["plain", "workers"])
def test_two_runs_on_a_cold_cache_build_once(
    runs: Runs, project: Project, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    project.cache = tmp_path / "cache"
    gated(project)
    both = [runs.pytest(project), runs.pytest(project, *arguments)]
    results = [run.finish().expect(passed=2) for run in both]
    assert sorted("template built in" in result.output for result in results) == [False, True]
    assert len(list(project.cache.glob("data/*/manifest.json"))) == 1
    assert len(list(project.cache.glob("templates/*/manifest.json"))) == 1
    assert not (both[0].folders & both[1].folders)


def test_runs_that_rebuild_do_not_disturb_each_other(runs: Runs, project: Project) -> None:
    gated(project)
    rebuilding = runs.pytest(project, "-n", "2", "--seatrial-rebuild")
    usual = runs.pytest(project)
    assert "template built in" in rebuilding.finish().expect(passed=2).output
    usual.finish().expect(passed=2)
