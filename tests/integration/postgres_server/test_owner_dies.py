"""`kill -9` at any moment: no server, no folder, within five seconds."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

import psutil
import pytest

from seatrial.postgres.server import sweep_stale_runs
from seatrial.postgres.server.runs import run_roots

LIMIT_SECONDS = 5.0
START_SECONDS = 60.0


def wait_until(condition, limit=LIMIT_SECONDS):
    deadline = time.monotonic() + limit
    while not (found := condition()):
        assert time.monotonic() < deadline, condition
        os.sched_yield()
    return found


def runs(label):
    found = []
    for root in run_roots():
        with contextlib.suppress(FileNotFoundError):
            found += [path for path in root.glob(f"*{label}-*") if not path.name.startswith(".new-")]
    return found


def server_processes(folder):
    found = []
    for process in psutil.process_iter(["pid", "cmdline", "cwd"]):
        words = [*(process.info["cmdline"] or ()), process.info["cwd"] or ""]
        if any(str(folder) in word for word in words):
            found.append(process.info["pid"])
    return found


def gone(folder):
    return not folder.exists() and not server_processes(folder)


MOMENTS = {
    "folder": lambda run: True,
    "copying": lambda run: (run / "data" / "base").exists() or (run / "data" / "global").exists(),
    "settings": lambda run: (run / "s").exists(),
    "spawned": lambda run: (run / "server.log").exists(),
    "starting": lambda run: (run / "data" / "postmaster.pid").exists(),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_while_starting(own, source, moment, cache, monkeypatch):
    monkeypatch.setenv("SEATRIAL_CACHE", str(cache.root))
    label = f"k{moment}"
    owner = own(label=label)
    run = wait_until(lambda: next((run for run in runs(label) if MOMENTS[moment](run)), None), START_SECONDS)
    owner.process.kill()
    owner.process.wait()
    # A folder without a supervisor yet waits for the next run's sweep.
    wait_until(lambda: sweep_stale_runs() or gone(run))
    wait_until(lambda: gone(run) and not runs(label))


def test_killed_during_initdb(own, tmp_path, monkeypatch):
    (tmp_path / "cache").mkdir()
    monkeypatch.setenv("SEATRIAL_CACHE", str(tmp_path / "cache"))
    before = set(runs("initdb"))
    owner = own(cache_root=tmp_path / "cache")

    def ours():
        # Other workers run `initdb` too: ours is the one that a descendant of this owner works on.
        mine = {process.pid for process in psutil.Process(owner.process.pid).children(recursive=True)}
        return next((run for run in set(runs("initdb")) - before if mine & set(server_processes(run))), None)

    run = wait_until(
        lambda: (found := ours()) and (found / "data" / "PG_VERSION").exists() and found, START_SECONDS
    )
    owner.process.kill()
    owner.process.wait()
    wait_until(lambda: gone(run))
    again = own(cache_root=tmp_path / "cache", label="again")
    again.wait_for("started")
    rests = [path for path in (tmp_path / "cache" / "data").iterdir() if ".building-" in path.name]
    assert rests == []


def test_killed_while_serving(own):
    owner = own(label="serving")
    started = owner.wait_for("started")
    run = Path(started["run_dir"])
    assert server_processes(run)
    owner.process.kill()
    owner.process.wait()
    wait_until(lambda: gone(run))
    wait_until(lambda: not psutil.pid_exists(started["supervisor"]))


def test_a_forked_child_that_survives_does_not_keep_the_server(own):
    owner = own(label="forked", fork=True)
    started = owner.wait_for("started")
    child = owner.wait_for("forked")["pid"]
    try:
        owner.process.kill()
        owner.process.wait()
        wait_until(lambda: gone(Path(started["run_dir"])))
        assert psutil.pid_exists(child)
    finally:
        os.kill(child, signal.SIGKILL)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="signal masks can be read on Linux only")
def test_keyboard_signals_do_not_reach_the_server(own):
    owner = own(label="ctrl-c")
    started = owner.wait_for("started")
    status = Path(f"/proc/{started['supervisor']}/status").read_text()
    ignored = int(status.partition("SigIgn:")[2].split()[0], 16)
    assert all(ignored >> number - 1 & 1 for number in (signal.SIGINT, signal.SIGHUP))
    assert os.getsid(started["supervisor"]) != os.getsid(owner.process.pid)
    assert os.getsid(started["pid"]) != os.getsid(owner.process.pid)


def test_a_killed_supervisor_takes_the_server_along(own):
    owner = own(label="headless")
    started = owner.wait_for("started")
    run = Path(started["run_dir"])
    os.kill(started["supervisor"], signal.SIGKILL)
    wait_until(lambda: not psutil.pid_exists(started["pid"]))
    wait_until(lambda: not server_processes(run))
    owner.tell("go on")
    assert owner.wait_for("stopped") == {"stage": "stopped", "left": False}


def test_supervisor_and_owner_killed_together_leave_it_to_the_next_run(own):
    # The child that survives must not hold the lease either.
    owner = own(label="both", fork=True)
    started = owner.wait_for("started")
    child = owner.wait_for("forked")["pid"]
    run = Path(started["run_dir"])
    try:
        owner.process.send_signal(signal.SIGSTOP)
        os.kill(started["supervisor"], signal.SIGKILL)
        owner.process.kill()
        owner.process.wait()
        wait_until(lambda: not server_processes(run))
        # Another run beside this test may come before the one that is started here.
        own(label="next").wait_for("started")
        wait_until(lambda: not run.exists())
    finally:
        os.kill(child, signal.SIGKILL)


def shared_memory():
    """Keys and ids of the System V segments of this machine."""
    table = Path("/proc/sysvipc/shm")
    return [line.split()[:2] for line in table.read_text().splitlines()] if table.exists() else []


@pytest.mark.skipif(not Path("/proc/sysvipc/shm").exists(), reason="segments can be listed on Linux only")
def test_a_stopped_server_is_killed(own):
    owner = own(label="frozen")
    started = owner.wait_for("started")
    segment = (Path(started["data_dir"]) / "postmaster.pid").read_text().splitlines()[6].split()
    assert segment in shared_memory()
    for process in [psutil.Process(started["pid"]), *psutil.Process(started["pid"]).children()]:
        process.suspend()
    owner.process.kill()
    owner.process.wait()
    wait_until(lambda: gone(Path(started["run_dir"])))
    wait_until(lambda: segment not in shared_memory())


def test_no_zombie_stays_after_stop(own):
    owner = own(label="zombie")
    started = owner.wait_for("started")
    owner.tell("go on")
    owner.wait_for("stopped")
    assert not psutil.pid_exists(started["supervisor"])
    assert not psutil.pid_exists(started["pid"])
