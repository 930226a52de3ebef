"""No space, and names too long for a socket: real small file systems in a mount namespace of their own."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.support.gated_project import gated
from tests.support.project import Project
from tests.support.runs import Run, Runs

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux" or os.getuid() != 0, reason="only Linux's root can mount"),
    pytest.mark.skipif(shutil.which("unshare") is None, reason="needs util-linux"),
]
LONGEST_SOCKET_PATH = 107


def start_with_small(runs: Runs, project: Project, places: list[Path | str], **env: str) -> Run:
    mounts = "; ".join(f"mount -t tmpfs -o size=32m tmpfs '{place}'" for place in places)
    pytest_command = [sys.executable, "-m", "pytest", "--color=no", "-p", "seatrial.plugin"]
    command = ["unshare", "--mount", "sh", "-ec", f'{mounts}; exec "$@"', "sh", *pytest_command]
    environment = project.environment(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", **env)
    return runs.start(command, cwd=project.root, env=environment)


def test_a_full_shared_memory_is_passed_over(runs: Runs, project: Project) -> None:
    run = start_with_small(runs, gated(project), ["/dev/shm"])
    run.finish().expect(passed=2)
    assert run.folders
    assert not any(folder.is_relative_to("/dev/shm") for folder in run.folders)


def test_no_space_anywhere_is_told_before_any_test(runs: Runs, project: Project, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    project.cache = temporary / "cache"
    run = start_with_small(runs, gated(project), ["/dev/shm", temporary], TMPDIR=str(temporary))
    output = run.finish().expect(4).output
    assert "server.no-space" in output
    assert "What to do: Free some space, or set SEATRIAL_CACHE or TMPDIR" in output


def test_names_too_long_for_a_socket(runs: Runs, project: Project, tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    assert len(str(deep)) > LONGEST_SOCKET_PATH
    env = project.environment(TMPDIR=str(deep), XDG_CACHE_HOME=str(deep))
    project.env = {name: value for name, value in env.items() if name != "SEATRIAL_CACHE"}
    run = start_with_small(runs, gated(project), ["/dev/shm"], SEATRIAL_CACHE="")
    run.finish().expect(passed=2)
    inside, outside = (
        [folder for folder in run.folders if folder.is_relative_to(deep) is here] for here in (True, False)
    )
    assert inside, "the data lies where it was told to"
    assert outside, "the socket lies where its path is short"
    assert (deep / "seatrial" / "templates").is_dir()
