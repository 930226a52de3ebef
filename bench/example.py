"""What the suite of an example takes: time, and memory of every process that takes part."""

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

_EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
_COMMAND = ("-m", "pytest", "-q", "-p", "no:cacheprovider")
_MB = 1 << 20
_LOOK_S = 0.05
_FILES_EVERY = 10
_PROC = Path("/proc")


@dataclass(frozen=True, kw_only=True)
class Example:
    """One example, and what its suite should take.

    Attributes:
        title: of the section.
        folder: below `examples`.
        tests: what is run.
        few: what is run instead where figures do not matter.
        method: what the tests do.
        seconds: the goal.
        because: why it may be missed.
        megabytes: the goal for processes and files together; None without one.
    """

    title: str
    folder: str
    tests: str
    few: str
    method: str
    seconds: float
    because: str
    megabytes: int | None = None


PLANT = Example(
    title="The suite of the plant",
    folder="plant",
    tests="tests/integration",
    few="tests/integration/test_database_connection.py",
    method="seatrial's checks of schema, row-level security and vectors included",
    seconds=6,
    because="the start of Python, pytest and its plugins is in it, and so are seatrial's checks",
    megabytes=512,
)
DATABRICKS_APP = Example(
    title="The suite of the data application",
    folder="databricks_app",
    tests="tests",
    few="tests/contract/test_user_contract.py",
    method="a workspace, its SQL and Lakebase in the same process; without coverage",
    seconds=5,
    because="nearly all of it is the application and the Databricks SDK at work, of which 2 s are a table of "
    "100,000 rows read in pages and 2 s are time limits that cannot be shorter",
)


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


def section(example: Example, rounds: int, noise: Noise, *, quick: bool) -> Section:
    """Measure, explain, and judge."""
    suite = _Suite(example, quick=quick)
    found = suite.measure(rounds, noise)
    table = Table(columns=(f"the {suite.tests} tests in one process", "found"))
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
        title=example.title,
        method=f"Whole processes of `pytest {example.tests}`, {example.method}, the template cached; "
        f"{rounds} rounds, median [least .. most]; memory is looked at in further runs. It is "
        "the sum of the proportional set sizes (of a "
        "page that several processes share each counts its part), read "
        f"every {_LOOK_S * 1000:.0f} ms; the greatest sum counts. Files are the server's data, which take "
        f"memory where they lie on tmpfs ({places()[0].name} here).",
        tables=[table],
        goals=list(_goals(example, suite.tests, found)),
    )


def _goals(example: Example, tests: int, found: Sequence[Run]) -> Iterator[Goal]:
    if example.megabytes is not None:
        peak = max(run.together + run.files for run in found) / _MB
        yield Goal(
            text=f"processes and files together take at most {example.megabytes} MB",
            found=f"{peak:.0f} MB",
            met=peak <= example.megabytes,
        )
    seconds = sorted(run.seconds for run in found)[len(found) // 2]
    yield Goal(
        text=f"the {tests} tests take at most {example.seconds:g} s",
        found=f"{seconds:.1f} s",
        met=seconds <= example.seconds,
        because=example.because,
    )


class _Suite:
    """The suite of an example, run in processes of its own.

    Attributes:
        tests: how many there were in the last run.
    """

    def __init__(self, example: Example, *, quick: bool) -> None:
        self._folder = _EXAMPLES / example.folder
        self._command = (*_COMMAND, example.few if quick else example.tests)
        self.tests = 0

    def measure(self, rounds: int, noise: Noise) -> list[Run]:
        """Run the suite several times, after once for the template and the compiled files."""
        with working_in(places()[0]) as root:
            self._run(root)
            found = []
            for _ in range(rounds):
                noise.note()
                found.append(self._run(root))
        return found

    def _run(self, root: Path) -> Run:
        log = root / "pytest.log"
        began = time.perf_counter()
        with self._started(log) as process:
            process.wait()
        took = time.perf_counter() - began
        told = self._passed(process, log)
        return Run(took, told, *self._memory(log))

    @contextlib.contextmanager
    def _started(self, log: Path) -> Iterator[subprocess.Popen[bytes]]:
        # The first run compiles what later ones import, as on anybody's machine.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        with (
            log.open("wb") as output,
            subprocess.Popen(
                [sys.executable, *self._command],
                cwd=self._folder,
                env=environment,
                stdout=output,
                stderr=output,
            ) as process,
        ):
            yield process

    def _passed(self, process: subprocess.Popen[bytes], log: Path) -> float:
        """The seconds that pytest tells."""
        text = log.read_text(encoding="utf-8")
        told = re.search(r"(\d+) passed.* in ([0-9.]+)s", text)
        if process.returncode or told is None:
            raise RuntimeError(f"the suite of {self._folder.name} failed:\n{text}")
        self.tests = int(told[1])
        return float(told[2])

    def _memory(self, log: Path) -> tuple[int, int, int, int]:
        """The most that a run of its own takes, of each kind."""
        seen = [(0, 0, 0, 0)]
        with self._started(log) as process:
            for looks in itertools.count():
                if process.poll() is not None:
                    break
                pids = list(_tree(process.pid))
                python, *others = (_proportional(pid) for pid in pids)
                files = 0 if looks % _FILES_EVERY else sum(map(_size, _data_folders(pids)))
                seen.append((python, sum(others), python + sum(others), files))
                time.sleep(_LOOK_S)
        self._passed(process, log)
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
