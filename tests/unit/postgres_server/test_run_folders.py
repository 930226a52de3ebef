from __future__ import annotations

import stat
import subprocess
import sys

import pytest

from seatrial.errors import ServerError
from seatrial.postgres.server import sweep_stale_runs
from seatrial.postgres.server.runs import RunFolder, create_run, has_room, run_roots, socket_folder


@pytest.fixture
def root(tmp_path):
    return tmp_path / "runs"


def abandon(root, label):
    """A run folder whose process is dead."""
    script = (
        "import sys; from pathlib import Path; from seatrial.postgres.server.runs import create_run; "
        "print(create_run(Path(sys.argv[1]), sys.argv[2]).path)"
    )
    printed = subprocess.run(
        [sys.executable, "-c", script, str(root), label], capture_output=True, text=True, check=True
    )
    return root / printed.stdout.strip().rpartition("/")[2]


def test_a_run_folder_is_private_and_named(root):
    run = create_run(root, "Worker: gw1/…")
    assert run.path.name.startswith("run-worker-gw1-")
    assert stat.S_IMODE(run.path.stat().st_mode) == 0o700
    run.remove()
    assert not run.path.exists()


def test_only_folders_of_dead_runs_are_swept(root):
    alive = create_run(root)
    dead = abandon(root, "dead")
    assert dead.is_dir()
    assert sweep_stale_runs([root]) == [dead]
    assert [path.name for path in root.iterdir()] == [alive.path.name]
    alive.close_lease()
    assert sweep_stale_runs([root]) == [alive.path]
    assert not root.exists()


def test_a_swept_run_takes_its_socket_folder_along(root, tmp_path):
    dead = abandon(root, "dead")
    sockets = tmp_path / "seatrial-s-12345678"
    sockets.mkdir()
    (dead / "socket-folder").write_text(str(sockets))
    other = tmp_path / "precious"
    other.mkdir()
    second = abandon(root, "second")
    (second / "socket-folder").write_text(str(other))
    sweep_stale_runs([root])
    assert not sockets.exists()
    assert other.is_dir()


def test_links_in_a_dead_run_are_not_followed(root, tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("keep")
    dead = abandon(root, "dead")
    (dead / "link").symlink_to(precious)
    sweep_stale_runs([root])
    assert not dead.exists()
    assert (precious / "file").read_text() == "keep"


def test_a_socket_path_of_107_bytes_is_the_longest(tmp_path):
    run = RunFolder(path=tmp_path / ("x" * (107 - len(str(tmp_path)) - len("//s/.s.PGSQL.12345"))), lease=-1)
    run.path.mkdir()
    assert socket_folder(run, 12345) == run.path / "s"
    longer = RunFolder(path=run.path.with_name(run.path.name + "x"), lease=-1)
    longer.path.mkdir()
    elsewhere = socket_folder(longer, 12345)
    assert elsewhere.parent != longer.path
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o700
    assert (longer.path / "socket-folder").read_text() == str(elsewhere)
    elsewhere.rmdir()


def test_no_place_for_a_socket_is_an_error(tmp_path, monkeypatch):
    run = RunFolder(path=tmp_path / ("x" * 100), lease=-1)
    run.path.mkdir()
    monkeypatch.setattr("tempfile.mkdtemp", _refuse)
    with pytest.raises(ServerError, match="107 bytes") as error:
        socket_folder(run, 12345)
    assert error.value.code == "server.socket-path"


def _refuse(**_arguments):
    raise PermissionError


def test_room_counts_the_nearest_folder_that_exists(root):
    assert has_room(root / "not" / "yet", 1)
    assert not has_room(root, 1 << 60)


def test_roots_that_others_cannot_reach_are_left_out(tmp_path, monkeypatch):
    (tmp_path / "private").mkdir(mode=0o700)
    monkeypatch.setenv("SEATRIAL_CACHE", str(tmp_path / "private" / "cache"))
    inside = tmp_path / "private" / "cache" / "runs"
    assert inside in run_roots()
    assert inside not in run_roots(outside=True)
    assert (tmp_path / "private").stat().st_mode & 0o777 == 0o700
