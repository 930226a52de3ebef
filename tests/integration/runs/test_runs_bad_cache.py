"""A cache that is damaged, busy, in the way or read-only: the run is green all the same."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from seatrial.postgres.cache import CacheFolder
from seatrial.postgres.server import find_binaries, prepared_data
from tests.support.gated_project import gated
from tests.support.project import Project
from tests.support.runs import Runs

HOLD = """
import sys, time
from pathlib import Path
from seatrial.postgres.cache import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def own_cache(project: Project, shared_cache: Path, tmp_path: Path) -> Path:
    """A cache that a test may damage, with no template yet; `initdb` need not run again for it."""
    shared_cache.mkdir(exist_ok=True)
    data = prepared_data(find_binaries(), CacheFolder(shared_cache))
    project.cache = tmp_path / "cache"
    shutil.copytree(data.parent, project.cache / "data" / data.parent.name)
    gated(project)
    return project.cache


@pytest.fixture
def warm_cache(own_cache: Path, project: Project) -> Path:
    """The same, with this project's template."""
    project.pytest().expect(passed=2)
    return own_cache


def template(cache: Path) -> Path:
    (manifest,) = cache.glob("templates/*/manifest.json")
    return manifest.parent


def overwrite(file: Path) -> None:
    """Other content of the same size, which no comparison of sizes shows."""
    file.write_bytes(b"\x00" * file.stat().st_size)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "a truncated control file": lambda entry: (entry / "data/global/pg_control").write_bytes(b"short"),
    "a control file of zeros": lambda entry: overwrite(entry / "data/global/pg_control"),
    "a report of zeros": lambda entry: overwrite(entry / "template.json"),
    "a manifest that is no JSON": lambda entry: (entry / "manifest.json").write_text("{'"),
    "data of another version": lambda entry: (entry / "data/PG_VERSION").write_text("17\n"),
}


def test_a_damaged_template_is_built_anew(runs: Runs, project: Project, warm_cache: Path) -> None:
    for name, damage in DAMAGES.items():
        damage(template(warm_cache))
        output = runs.pytest(project).finish().expect(passed=2).output
        assert "template built in" in output, name
    assert "template from the cache" in runs.pytest(project).finish().expect(passed=2).output
    assert not list(warm_cache.glob("*/*.corrupt-*"))


@pytest.mark.skipif(sys.platform != "linux", reason="where a process waits is seen in /proc")
def test_a_busy_cache_is_waited_for_until_its_holder_dies(
    runs: Runs, project: Project, warm_cache: Path
) -> None:
    entry = template(warm_cache)
    lock = entry.with_name(f"{entry.name}.lock")
    shutil.rmtree(entry)
    holder = subprocess.Popen([sys.executable, "-c", HOLD, lock], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert f"process {holder.pid}" in lock.read_text()
        run = runs.pytest(project)
        run.wait_for(lambda: _has_open(run.process.pid, lock))
        assert not run.folders
    finally:
        holder.kill()
        holder.communicate()
    assert "template built in" in run.finish().expect(passed=2).output


def test_a_lock_of_a_dead_process_is_nobodys(runs: Runs, project: Project, warm_cache: Path) -> None:
    entry = template(warm_cache)
    shutil.rmtree(entry)
    entry.with_name(f"{entry.name}.lock").write_text("process 1 (pytest)")
    runs.pytest(project).finish().expect(passed=2)
    with entry.with_name(f"{entry.name}.lock").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_file_in_place_of_the_cache_is_passed_over(runs: Runs, project: Project, tmp_path: Path) -> None:
    (tmp_path / "temporary").mkdir()
    project.cache = tmp_path / "a-file"
    project.cache.write_text("somebody's")
    gated(project)
    runs.pytest(project, TMPDIR=str(tmp_path / "temporary")).finish().expect(passed=2)
    assert project.cache.read_text() == "somebody's"
    assert template(tmp_path / "temporary" / f"seatrial-{os.getuid()}")


def test_a_read_only_cache_is_passed_over(
    runs: Runs, project: Project, own_cache: Path, tmp_path: Path
) -> None:
    (tmp_path / "temporary").mkdir()
    before = sorted(own_cache.rglob("*"))
    command = [sys.executable, "-m", "pytest", "--color=no", "-p", "seatrial.plugin"]
    if os.getuid() == 0:
        # Permissions do not stop root; a file system that is mounted read-only does.
        mounts = 'mount --bind "$0" "$0"; mount -o remount,bind,ro "$0"; exec "$@"'
        command = ["unshare", "--mount", "sh", "-ec", mounts, str(own_cache), *command]
    else:
        own_cache.chmod(0o500)
    env = project.environment(TMPDIR=str(tmp_path / "temporary"), PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    runs.start(command, cwd=project.root, env=env).finish().expect(passed=2)
    own_cache.chmod(0o700)
    assert sorted(own_cache.rglob("*")) == before
    assert template(tmp_path / "temporary" / f"seatrial-{os.getuid()}")


def _has_open(process: int, file: Path) -> bool:
    try:
        return any(Path(opened.path) == file for opened in psutil.Process(process).open_files())
    except psutil.Error:
        return False
