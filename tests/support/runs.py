"""A run of pytest that is watched from outside: its processes, its folders, and what is left of it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil

from tests.support.project import Project, Result

LEFT_SECONDS = 20.0
"""How long a killed run may take to disappear: four times what is promised, for a machine that is shared."""
SLOW_SECONDS = 60.0
LOOK_SECONDS = 0.1
MARK = "MARK_OF_THIS_RUN"


def wait_until(condition: Callable[[], object], *, limit: float = SLOW_SECONDS, what: str = "") -> None:
    """Poll; the limit is for a machine that is stuck, never a measurement."""
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline, f"not within {limit:g} s: {what or condition}"
        time.sleep(LOOK_SECONDS)


class Run:
    """A process with all its descendants, found by a variable in their environment, and their folders."""

    def __init__(
        self, command: list[str], *, cwd: Path, env: Mapping[str, str], log: Path, **how: object
    ) -> None:
        self._mark = uuid.uuid4().hex
        self._log = log
        self.folders: set[Path] = set()
        with log.open("wb") as output:
            # Into a file: whoever survives a killed run would keep a pipe open.
            self.process = subprocess.Popen(
                command,
                cwd=cwd,
                env={**env, MARK: self._mark},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **how,  # type: ignore[call-overload]
            )

    @property
    def output(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def look(self) -> set[psutil.Process]:
        """The processes of the run; the folders their servers live in are noted."""
        marked = {process for process in psutil.process_iter() if self._is_marked(process)}
        found = set(marked)
        for process in marked:
            with contextlib.suppress(psutil.Error):
                found.update(process.children(recursive=True))
            self.folders |= _leased(process)
        return found | {process for process in psutil.process_iter() if _works_in(process, self.folders)}

    def wait_for(self, condition: Callable[[], object]) -> None:
        """Look until the condition holds; the run must still be going then."""

        def holds() -> bool:
            assert self.process.poll() is None, self.output
            self.look()
            return bool(condition())

        wait_until(holds)

    def finish(self) -> Result:
        """Look until the run ends by itself."""
        wait_until(lambda: self.process.poll() is not None or (self.look() and False), limit=100)
        return Result(self.process.wait(), self.output)

    def kill(self, number: signal.Signals = signal.SIGKILL, *, group: bool = False) -> int:
        """End the run by a signal, after noting everything it has so far; its exit status."""
        if number == signal.SIGKILL:
            # A frozen process starts nothing between the look and its end. Not for other signals: after the
            # freeze any thread may receive them, and a main thread that waits for a lock would sleep on.
            os.kill(self.process.pid, signal.SIGSTOP)
        self.look()
        send = os.killpg if group else os.kill
        send(self.process.pid, number)
        try:
            return self.process.wait(timeout=SLOW_SECONDS)
        except subprocess.TimeoutExpired:
            # pytest's faulthandler shows where every thread is.
            self.process.send_signal(signal.SIGABRT)
            self.process.wait()
            raise AssertionError(self.output) from None

    def remains(self) -> list[str]:
        """What is left: processes, run folders, socket folders."""
        processes = [f"process {process.pid} {_words(process)}" for process in self.look()]
        return processes + [str(folder) for folder in self.folders if folder.exists()]

    def expect_nothing_left(self, *, limit: float = LEFT_SECONDS, folders: bool = True) -> None:
        """Wait until all of it is gone."""
        left: list[str] = []

        def clean() -> bool:
            left[:] = [rest for rest in self.remains() if folders or rest.startswith("process ")]
            return not left

        with contextlib.suppress(AssertionError):
            wait_until(clean, limit=limit)
        assert left == [], "\n".join([*left, self.output])

    def _is_marked(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get(MARK) == self._mark
        except (psutil.Error, OSError):
            return False


class Runs:
    """Starts runs and ends those that a failed test forgot."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._runs: list[Run] = []

    def start(self, command: list[str], *, cwd: Path, env: Mapping[str, str], **how: object) -> Run:
        log = self._folder / f"run-{len(self._runs)}.log"
        self._runs.append(Run(command, cwd=cwd, env=env, log=log, **how))
        return self._runs[-1]

    def pytest(self, project: Project, *arguments: str, **env: str) -> Run:
        """Start pytest in a project, with seatrial and xdist as the only plugins."""
        plugins = ["-p", "seatrial.plugin", "-p", "xdist.plugin"]
        command = [sys.executable, "-m", "pytest", "-W", "error", "--color=no", *plugins, *arguments]
        return self.start(
            command, cwd=project.root, env=project.environment(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", **env)
        )

    def close(self) -> None:
        """Nothing of any run may remain, however it ended."""
        for run in self._runs:
            if run.process.poll() is None:
                run.kill(group=True)
        for run in self._runs:
            run.expect_nothing_left()


def _leased(process: psutil.Process) -> set[Path]:
    """Run folders that a process holds the lease of, and their socket folders."""
    try:
        leases = [Path(file.path) for file in process.open_files() if Path(file.path).name == "lease"]
    except (psutil.Error, OSError):
        return set()
    folders = {lease.parent for lease in leases}
    for folder in list(folders):
        with contextlib.suppress(OSError):
            folders.add(Path((folder / "socket-folder").read_text(encoding="utf-8")))
    return folders


def _works_in(process: psutil.Process, folders: set[Path]) -> bool:
    words = _words(process)
    return any(str(folder) in word for folder in folders for word in words)


def _words(process: psutil.Process) -> list[str]:
    try:
        return [*process.cmdline(), process.cwd()]
    except (psutil.Error, OSError):
        return []
