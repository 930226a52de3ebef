"""What the installed plugin adds to the start of pytest, where it is not used and where it is."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from bench import harbour
from bench.figures import Goal, Section, Table, spread
from bench.places import places, working_in

if TYPE_CHECKING:
    from pathlib import Path

    from bench.machine import Noise

WITHOUT = "pytest, seatrial blocked"
UNUSED = "pytest, seatrial installed and unused"
CONFIGURED = "pytest, `[tool.seatrial]` with a database that no test uses"
BARE = "python"
IMPORTED = "python, `import seatrial`"
GOAL_MS = 30
TEST = "def test_nothing():\n    assert True\n"


def measure(rounds: int, noise: Noise) -> dict[str, list[float]]:
    """Milliseconds of whole processes, one figure for each round."""
    found: dict[str, list[float]] = {}
    with working_in(places()[0]) as root:
        empty, configured = root / "empty", root / "configured"
        harbour.write(configured, tests=TEST)
        empty.mkdir()
        (empty / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        (empty / "test_suite.py").write_text(TEST, encoding="utf-8")
        pytest = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p")
        ways: dict[str, tuple[Path, tuple[str, ...]]] = {
            WITHOUT: (empty, (*pytest, "no:seatrial")),
            UNUSED: (empty, (*pytest, "seatrial.plugin")),
            CONFIGURED: (configured, (*pytest, "seatrial.plugin")),
            BARE: (empty, ("-c", "pass")),
            IMPORTED: (empty, ("-c", "import seatrial")),
        }
        for number in range(rounds + 1):
            noise.note()
            # Turn the order round each time, so that no way profits from its neighbour.
            for name, (folder, command) in list(ways.items())[:: 1 if number % 2 else -1]:
                took = _run(folder, *command)
                if number:  # the first round compiles
                    found.setdefault(name, []).append(took)
    return {name: found[name] for name in ways}


def section(rounds: int, noise: Noise) -> Section:
    """Measure, explain, and judge."""
    found = measure(rounds, noise)
    table = Table(columns=("process", "ms", "more"))
    for name, base in (
        (WITHOUT, WITHOUT),
        (UNUSED, WITHOUT),
        (CONFIGURED, WITHOUT),
        (BARE, BARE),
        (IMPORTED, BARE),
    ):
        table.rows.append((name, spread(found[name]), f"{_more(found, name, base):+.1f}"))
    unused = _more(found, UNUSED, WITHOUT)
    goal = Goal(
        text=f"installed and unused, the plugin costs less than {GOAL_MS} ms of pytest's start",
        found=f"{unused:+.1f} ms",
        met=unused < GOAL_MS,
    )
    return Section(
        title="The plugin where it is not used",
        method="Whole processes of one test, no other plugin loaded, files compiled; "
        f"{rounds} interleaved rounds, median [least .. most]; `more` is the median difference of a round.",
        tables=[table],
        goals=[goal],
    )


def _more(found: dict[str, list[float]], name: str, base: str) -> float:
    return statistics.median(value - other for value, other in zip(found[name], found[base], strict=True))


def _run(folder: Path, *command: str) -> float:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env={**environment, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return (time.perf_counter() - began) * 1000
