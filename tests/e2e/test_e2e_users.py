"""Users without rights, without an account, without a home: green, and nothing of others is touched."""

from __future__ import annotations

import os
import pwd
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.readme import write_example
from tests.support.runs import Run, Runs

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="users without an account need Linux's namespaces"),
    pytest.mark.skipif(
        os.getuid() != 0, reason="only root can become somebody else; others run all as they are"
    ),
]

NOBODY = 65534
ACCOUNTLESS = 12345


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that others can pass through: pytest's own are private."""
    folder = Path(tempfile.mkdtemp(prefix="seatrial-user-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def start_as(uid: int, runs: Runs, place: Path, venv: Path, *arguments: str, **env: str) -> Run:
    """Run the README's example as another user, with a folder for temporary files and no other belonging."""
    project, temporary = place / "project", place / "tmp"
    for folder in (project, temporary):
        folder.mkdir()
    write_example(project)
    for path in (project, temporary, *project.iterdir()):
        os.chown(path, uid, uid)
    environment = {"PATH": f"{venv}:{os.defpath}", "TMPDIR": str(temporary), **env}
    command = [str(venv / "pytest"), "--color=no", *arguments]
    return runs.start(command, cwd=project, env=environment, user=uid, group=uid, extra_groups=[])


def rights(folders: list[Path]) -> dict[Path, tuple[int, int, int]]:
    """Mode, user and group of folders and everything in them."""
    paths = {path for folder in folders for path in (folder, *folder.rglob("*"))}
    return {path: (found.st_mode, found.st_uid, found.st_gid) for path in paths for found in [path.lstat()]}


@pytest.mark.parametrize(
    ("uid", "home"),
    [(NOBODY, "/nonexistent"), (ACCOUNTLESS, None)],
    ids=["without rights", "without an account or a home"],
)
def test_the_example_runs_as_another_user(
    runs: Runs, place: Path, open_venv: Path, uid: int, home: str | None
) -> None:
    shared = [Path(tempfile.gettempdir()), Path("/dev/shm"), open_venv.parent.parent, *open_venv.parents]
    accounts = (pwd.getpwall(), Path("/etc/passwd").read_bytes(), Path("/etc/group").read_bytes())
    before = {**{path: path.lstat()[:1] for path in shared}, **rights([open_venv.parent])}
    run = start_as(uid, runs, place, open_venv, **({"HOME": home} if home else {}))
    run.finish().expect(passed=2)
    run.expect_nothing_left()
    assert run.folders, "a server ran"
    assert {path: path.lstat()[:1] for path in shared} | rights([open_venv.parent]) == before
    assert accounts == (pwd.getpwall(), Path("/etc/passwd").read_bytes(), Path("/etc/group").read_bytes())
    made = [path for path in (place / "tmp").iterdir() if not path.name.startswith("pytest-of-")]
    assert made == [place / "tmp" / f"seatrial-{uid}"], "the cache, and nothing else"
    assert all(found[1] == uid for found in rights(made).values()), "all of it is the user's own"


def test_a_cache_without_permission_to_write_is_passed_over(runs: Runs, place: Path, open_venv: Path) -> None:
    cache = place / "cache"
    cache.mkdir(mode=0o500)
    os.chown(cache, NOBODY, NOBODY)
    start_as(NOBODY, runs, place, open_venv, SEATRIAL_CACHE=str(cache)).finish().expect(passed=2)
    assert list(cache.iterdir()) == []
    assert cache.stat().st_mode & 0o777 == 0o500
    assert (place / "tmp" / f"seatrial-{NOBODY}" / "templates").is_dir()
