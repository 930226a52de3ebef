"""`kill -9` of pytest at any moment: five seconds later nothing runs, and the next run is green."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.support.gated_project import MOMENTS, gated, waiting
from tests.support.project import Project
from tests.support.runs import Run, Runs

WITH_FAKES = """
DATABRICKS_CONFIG_FILE = "{fakes.databricks.config_file}"
SSL_CERT_FILE = "{fakes.ca_file}"
[tool.seatrial.fakes.databricks]
https = true
[tool.seatrial.database]
"""


def with_fakes(project: Project) -> None:
    settings = project.root / "pyproject.toml"
    settings.write_text(settings.read_text().replace("[tool.seatrial.database]\n", WITH_FAKES.lstrip()))


def expect_a_green_run(runs: Runs, project: Project, killed: Run, *arguments: str) -> None:
    runs.pytest(project, *arguments).finish().expect(passed=2)
    killed.expect_nothing_left()


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at(runs: Runs, project: Project, moment: str) -> None:
    run = runs.pytest(gated(project), "--seatrial-rebuild", GATE=moment)
    run.wait_for(lambda: waiting(project, moment))
    assert run.folders or moment == "collection"
    assert run.kill() == -signal.SIGKILL
    run.expect_nothing_left()
    expect_a_green_run(runs, project, run)


def test_killed_while_the_server_starts(runs: Runs, project: Project) -> None:
    run = runs.pytest(gated(project))
    run.wait_for(lambda: run.folders)
    run.kill()
    # A folder that has no supervisor yet waits for the next run.
    run.expect_nothing_left(folders=False)
    expect_a_green_run(runs, project, run)


def test_files_of_fakes_go_with_the_next_run(runs: Runs, project: Project) -> None:
    with_fakes(gated(project))
    run = runs.pytest(project, GATE="test")
    run.wait_for(lambda: waiting(project, "test"))
    assert {"authority", "profiles"} <= {folder.name.split("-")[1] for folder in run.folders}
    run.kill()
    run.expect_nothing_left(folders=False)
    expect_a_green_run(runs, project, run)


def test_rests_of_a_killed_build_leave_the_cache(runs: Runs, project: Project, tmp_path: Path) -> None:
    project.cache = tmp_path / "cache"
    run = runs.pytest(gated(project), GATE="template")
    run.wait_for(lambda: waiting(project, "template"))
    run.kill()
    assert list(project.cache.glob("templates/*.building-*"))
    expect_a_green_run(runs, project, run)
    assert not list(project.cache.glob("*/*.building-*"))


def test_killed_with_its_whole_group(runs: Runs, project: Project) -> None:
    run = runs.pytest(gated(project), GATE="test")
    run.wait_for(lambda: waiting(project, "test"))
    run.kill(group=True)
    run.expect_nothing_left()


@pytest.mark.parametrize("group", [False, True], ids=["the controller", "everybody"])
def test_killed_with_workers(runs: Runs, project: Project, group: bool) -> None:
    run = runs.pytest(gated(project), "-n", "2", GATE="test")
    run.wait_for(lambda: len(waiting(project, "test")) == 2)
    assert len(run.folders) >= 2
    run.kill(group=group)
    run.expect_nothing_left()
    expect_a_green_run(runs, project, run, "-n", "2")
