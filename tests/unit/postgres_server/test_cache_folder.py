from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import textwrap
import time
from typing import TYPE_CHECKING

import pytest

from seatrial.errors import ServerError
from seatrial.postgres.cache import CacheFolder, locked, measure

if TYPE_CHECKING:
    from pathlib import Path


def fill(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "a").write_text("12345")
    (folder / "b").write_text("678")


def always(_folder: Path) -> bool:
    return True


@pytest.fixture
def cache(tmp_path):
    (tmp_path / "cache").mkdir()
    return CacheFolder(tmp_path / "cache")


class Builder:
    def __init__(self):
        self.calls = 0

    def __call__(self, folder: Path) -> None:
        self.calls += 1
        fill(folder)


def test_named_folder_is_created_private(tmp_path):
    found = CacheFolder.locate({"SEATRIAL_CACHE": str(tmp_path / "x" / "y"), "HOME": "/nowhere"})
    assert found.root == tmp_path / "x" / "y"
    assert stat.S_IMODE(found.root.stat().st_mode) == 0o700


def test_xdg_folder_wins_over_home(tmp_path):
    env = {"XDG_CACHE_HOME": str(tmp_path / "xdg"), "HOME": str(tmp_path)}
    assert CacheFolder.locate(env).root == tmp_path / "xdg" / "seatrial"


def test_home_holds_the_cache(tmp_path):
    inner = "Library/Caches/seatrial" if sys.platform == "darwin" else ".cache/seatrial"
    assert CacheFolder.locate({"HOME": str(tmp_path)}).root == tmp_path / inner


def test_unusable_folders_give_a_private_temporary_one(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "file").write_text("in the way")
    for env in ({"SEATRIAL_CACHE": str(tmp_path / "file" / "x")}, {}, {"HOME": "/proc/nowhere"}):
        found = CacheFolder.locate(env)
        assert found.root == tmp_path / f"seatrial-{os.getuid()}"
        assert stat.S_IMODE(found.root.stat().st_mode) == 0o700


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder to somebody else")
def test_foreign_folders_are_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, 12345, 12345)
    assert CacheFolder.locate({"HOME": str(home)}).root == tmp_path / "seatrial-0"
    assert list(home.iterdir()) == []
    os.chown(tmp_path / "seatrial-0", 12345, 12345)
    with pytest.raises(ServerError) as error:
        CacheFolder.locate({"HOME": str(home)})
    assert error.value.code == "cache.foreign"


def test_a_link_in_place_of_the_temporary_folder_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / f"seatrial-{os.getuid()}").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ServerError, match=r"cache\.foreign"):
        CacheFolder.locate({})


def test_an_entry_is_built_once(cache):
    build = Builder()
    first = cache.entry("kind", "key", build, valid=always)
    os.utime(first, (1, 1))
    second = cache.entry("kind", "key", build, valid=always)
    assert first == second == cache.root / "kind" / "key"
    assert build.calls == 1
    assert second.stat().st_mtime > 1
    assert json.loads((first / "manifest.json").read_text())["files"] == 2
    assert measure(first) == (2, 8)


@pytest.mark.parametrize(
    "damage",
    [
        lambda entry: (entry / "sub" / "a").write_text("1"),
        lambda entry: (entry / "sub" / "a").unlink(),
        lambda entry: (entry / "more").write_text("x"),
        lambda entry: (entry / "manifest.json").unlink(),
        lambda entry: (entry / "manifest.json").write_text("{"),
        lambda entry: (entry / "manifest.json").write_text("[]"),
    ],
    ids=["truncated", "missing", "added", "no-manifest", "half-manifest", "other-manifest"],
)
def test_a_damaged_entry_is_built_again(cache, damage):
    build = Builder()
    damage(cache.entry("kind", "key", build, valid=always))
    entry = cache.entry("kind", "key", build, valid=always)
    assert build.calls == 2
    assert measure(entry) == (2, 8)
    assert sorted(path.name for path in entry.parent.iterdir()) == ["key", "key.lock"]


def test_an_entry_that_is_not_valid_is_built_again(cache):
    build = Builder()
    cache.entry("kind", "key", build, valid=always)
    cache.entry("kind", "key", build, valid=lambda folder: (folder / "PG_VERSION").exists())
    assert build.calls == 2


def test_a_failing_build_leaves_nothing(cache):
    def fail(folder: Path) -> None:
        fill(folder)
        raise ValueError("the cause")

    with pytest.raises(ValueError, match="the cause"):
        cache.entry("kind", "key", fail, valid=always)
    assert [path.name for path in (cache.root / "kind").iterdir()] == ["key.lock"]


def test_rests_of_a_killed_build_are_removed(cache):
    rest = cache.root / "kind" / "key.building-abc"
    rest.mkdir(parents=True)
    cache.entry("kind", "key", fill, valid=always)
    assert not rest.exists()


def test_a_busy_entry_names_its_holder(cache):
    (cache.root / "kind").mkdir()
    with (
        locked(cache.root / "kind" / "key.lock"),
        pytest.raises(ServerError, match=f"process {os.getpid()}") as error,
    ):
        cache.entry("kind", "key", fill, valid=always, wait=0.05)
    assert error.value.code == "cache.busy"
    assert cache.entry("kind", "key", fill, valid=always, wait=0.05).is_dir()


def test_many_processes_build_an_entry_once(cache, tmp_path):
    script = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from seatrial.postgres.cache import CacheFolder
        def build(folder):
            with open(sys.argv[2], "a") as log:
                log.write("built\\n")
            (folder / "a").write_text("x" * 100000)
        entry = CacheFolder(Path(sys.argv[1])).entry("kind", "key", build, valid=lambda folder: True)
        assert (entry / "a").stat().st_size == 100000
        """
    )
    log = tmp_path / "log"
    command = [sys.executable, "-c", script, str(cache.root), str(log)]
    processes = [subprocess.Popen(command) for _ in range(6)]
    assert [process.wait() for process in processes] == [0] * 6
    assert log.read_text() == "built\n"


def test_prune_removes_what_nobody_used(cache):
    old, new = (cache.entry("kind", key, fill, valid=always) for key in ("old", "new"))
    held = cache.entry("kind", "held", fill, valid=always)
    long_ago = time.time() - 15 * 86400
    for folder in (old, held):
        os.utime(folder, (long_ago, long_ago))
    with locked(held.with_name("held.lock")):
        assert cache.prune() == [old]
    assert new.is_dir()
    assert held.is_dir()
    assert not old.exists()
    assert cache.prune(older_than_days=16) == []


def test_folders_that_others_remove_meanwhile_are_passed_over(cache):
    # As the last run of all does with the folder of the runs.
    churn = textwrap.dedent(
        """
        import os, sys
        print(flush=True)
        while True:
            os.makedirs(sys.argv[1])
            os.removedirs(sys.argv[1])
        """
    )
    folder = cache.root / "runs" / "run-1"
    cache.root.joinpath("kept").mkdir()
    with subprocess.Popen([sys.executable, "-c", churn, str(folder)], stdout=subprocess.PIPE) as process:
        try:
            process.stdout.readline()
            for _ in range(3000):
                assert cache.prune() == []
            assert process.poll() is None
        finally:
            process.kill()


@pytest.mark.skipif(os.getuid() == 0, reason="root can write everywhere")
def test_a_read_only_cache_is_passed_over(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "ro").mkdir(mode=0o500)
    assert CacheFolder.locate({"SEATRIAL_CACHE": str(tmp_path / "ro")}).root.name == f"seatrial-{os.getuid()}"
