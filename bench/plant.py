"""What the 74 tests of examples/plant take: time, and memory of every process that takes part."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.figures import Goal, Section, Table, spread
from bench.places import places, working_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.machine import Noise

PLANT = Path(__file__).resolve().parent.parent / "examples" / "plant"
COMMAND = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/integration")
GOAL_MB = 512
GOAL_S = 6
_MB = 1 << 20
_LOOK_S = 0.05
_FILES_EVERY = 10
_PROC = Path("/proc")


@dataclass(frozen=True)
class Run:
    """One run of the suite.

    Attributes:
        seconds: from the start of the process to its end, while nobody looked.
        told: seconds that pytest itself tells.
        python: bytes of pytest's own process at most, shared pages by halves.
        servers: bytes of all other processes at most.
        together: bytes of all processes at most, at one moment.
        files: bytes of what the server keeps in the run's folder at most, which is memory on a tmpfs.
    """

    seconds: float
    told: float
    python: int
    servers: int
    together: int
    files: int


def measure(rounds: int, noise: Noise) -> list[Run]:
    """Run the suite several times, after once for the template and the compiled files."""
    with working_in(places()[0]) as root:
        _run(root)
        found = []
        for _ in range(rounds):
            noise.note()
            found.append(_run(root))
    return found


def section(rounds: int, noise: Noise) -> Section:
    """Measure, explain, and judge."""
    found = measure(rounds, noise)
    table = Table(columns=("the 74 tests in one process", "found"))
    table.rows.append(("seconds", spread([run.seconds for run in found])))
    table.rows.append(("seconds of them that pytest tells", spread([run.told for run in found])))
    for name, values in (
        ("MB of pytest's process", [run.python for run in found]),
        ("MB of PostgreSQL and its supervisor", [run.servers for run in found]),
        ("MB of all processes together", [run.together for run in found]),
        ("MB of files", [run.files for run in found]),
    ):
        table.rows.append((name, spread([value / _MB for value in values], digits=0)))
    return Section(
        title="The suite of the plant",
        method="Whole processes of `pytest tests/integration`, seatrial's checks of schema, row-level "
        "security and vectors included, the template cached; "
        f"{rounds} rounds, median [least .. most]; memory is looked at in further runs. It is "
        "the sum of the proportional set sizes (of a "
        "page that several processes share each counts its part), read "
        f"every {_LOOK_S * 1000:.0f} ms; the greatest sum counts. Files are the server's data, which take "
        f"memory where they lie on tmpfs ({places()[0].name} here).",
        tables=[table],
        goals=_goals(found),
    )


def _goals(found: Sequence[Run]) -> list[Goal]:
    peak = max(run.together + run.files for run in found) / _MB
    seconds = sorted(run.seconds for run in found)[len(found) // 2]
    return [
        Goal(
            text=f"processes and files together take at most {GOAL_MB} MB",
            found=f"{peak:.0f} MB",
            met=peak <= GOAL_MB,
        ),
        Goal(
            text=f"the 74 tests take at most {GOAL_S} s",
            found=f"{seconds:.1f} s",
            met=seconds <= GOAL_S,
            because="the start of Python, pytest and its plugins is in it, and so are seatrial's checks",
        ),
    ]


def _run(root: Path) -> Run:
    log = root / "pytest.log"
    began = time.perf_counter()
    with _started(log) as process:
        process.wait()
    took = time.perf_counter() - began
    text = _passed(process, log)
    told = re.search(r" in ([0-9.]+)s", text)
    return Run(took, float(told[1]) if told else took, *_memory(log))


@contextlib.contextmanager
def _started(log: Path) -> Iterator[subprocess.Popen[bytes]]:
    # The first run compiles what later ones import, as on anybody's machine.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [sys.executable, *COMMAND], cwd=PLANT, env=environment, stdout=output, stderr=output
        ) as process,
    ):
        yield process


def _passed(process: subprocess.Popen[bytes], log: Path) -> str:
    text = log.read_text(encoding="utf-8")
    if process.returncode:
        raise RuntimeError(f"the suite of the plant failed:\n{text}")
    return text


def _memory(log: Path) -> tuple[int, int, int, int]:
    """The most that a run of its own takes, of each kind."""
    seen = [(0, 0, 0, 0)]
    with _started(log) as process:
        for looks in itertools.count():
            if process.poll() is not None:
                break
            pids = list(_tree(process.pid))
            python, *others = (_proportional(pid) for pid in pids)
            files = 0 if looks % _FILES_EVERY else sum(map(_size, _data_folders(pids)))
            seen.append((python, sum(others), python + sum(others), files))
            time.sleep(_LOOK_S)
    _passed(process, log)
    python, others, together, files = (max(figures) for figures in zip(*seen, strict=True))
    return python, others, together, files


def _data_folders(pids: Sequence[int]) -> set[Path]:
    """Where the servers among these processes work."""
    folders = set()
    for pid in pids:
        with contextlib.suppress(OSError):
            folders.add((_PROC / str(pid) / "cwd").readlink())
    return {folder for folder in folders if (folder / "PG_VERSION").exists()}


def _tree(pid: int) -> Iterator[int]:
    """A process and all below it; the supervisor and its server are children of pytest."""
    yield pid
    with contextlib.suppress(OSError):
        for task in (_PROC / str(pid) / "task").iterdir():
            for child in (task / "children").read_text(encoding="ascii").split():
                yield from _tree(int(child))


def _proportional(pid: int) -> int:
    with contextlib.suppress(OSError):
        for line in (_PROC / str(pid) / "smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) << 10
    return 0


def _size(folder: Path) -> int:
    """What the files below a folder occupy."""
    blocks = 0
    for where, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                blocks += os.lstat(f"{where}/{name}").st_blocks
    return blocks * 512
