"""The benchmark measures everything it promises; what it finds is not judged here."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FIGURE = re.compile(r"[-+]?\d+(\.\d+)?")
EXPECTED = {
    "From nothing to the first query": (
        "`initdb`, `pg_ctl -w start`",
        "seatrial, nothing cached",
        "seatrial, cold: data prepared, copied, served",
        "seatrial, warm: template cached, to the tested database",
        "the same from a new `python`, imports and all",
    ),
    "A test's own database": ("plain pytest, no database", "seatrial, `reset` (a fresh clone)"),
    "A fresh clone by itself": ("swap, a clone is ready", "swap, tests without any duration"),
    "A request": (
        "httpx2.ASGITransport in the same loop",
        "seatrial, sync client",
        "seatrial, async client",
        "Starlette's TestClient",
    ),
    "The plugin where it is not used": ("pytest, seatrial installed and unused", "python, `import seatrial`"),
}
GOALS = {"From nothing to the first query": 1, "A request": 2, "The plugin where it is not used": 1}


MEASURED_ON = (
    "cores",
    "GiB memory",
    "PostgreSQL 18.",
    "psycopg 3.",
    "httpx2 2.",
    "fastapi ",
    "starlette ",
    "pytest ",
    "servers on ",
    "load average before ",
    "calibration loop, ",
)


@pytest.mark.slow
def test_a_quick_run_has_figures_for_every_way_and_says_what_it_was_measured_on():
    head, *parts = _report().split("\n## ")
    assert [fact for fact in MEASURED_ON if fact not in head] == []
    sections = dict(part.split("\n", 1) for part in parts)
    assert list(sections) == list(EXPECTED)
    for title, names in EXPECTED.items():
        rows = _rows(sections[title])
        for name in names:
            assert rows[name], name
            assert all(FIGURE.match(cell) for cell in rows[name]), (name, rows[name])
        goals = re.findall(r"^- \*\*(?:met|missed)\*\*: .*; found [-+]?\d", sections[title], re.MULTILINE)
        assert len(goals) >= GOALS.get(title, 0), title


def _report() -> str:
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--quick"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _rows(section: str) -> dict[str, list[str]]:
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("| ").split("|")] for line in lines]
    rows: dict[str, list[str]] = {}
    for name, *values in cells:
        rows.setdefault(name, []).extend(values)  # a way is a row of each of its section's tables
    return rows
