"""The benchmark measures everything it promises; what it finds is not judged here."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bench import chapters
from bench.isolation import techniques

ROOT = Path(__file__).parents[3]
FIGURE = re.compile(r"[-+]?\d+(\.\d+)?|-$")
OVERHEAD = {
    "From nothing to the first query": (
        "`initdb`, `pg_ctl -w start`",
        "seatrial, nothing cached",
        "seatrial, cold: data prepared, copied, served",
        "seatrial, warm: template cached, to the tested database",
        "the same from a new `python`, imports and all",
    ),
    "A fresh clone by itself": ("swap, a clone is ready", "swap, tests without any duration"),
    "A request": (
        "httpx2.ASGITransport in the same loop",
        "seatrial, sync client",
        "seatrial, async client",
        "Starlette's TestClient",
    ),
    "The plugin where it is not used": ("pytest, seatrial installed and unused", "python, `import seatrial`"),
}
MEASURABLE = [
    technique.name
    for technique in (techniques.PLAIN, techniques.UNISOLATED, *techniques.OURS, *techniques.PEERS)
    if not technique.needs or importlib.util.find_spec(technique.needs)
]
ISOLATION = {
    "A test with a clean database": MEASURABLE,
    "The same on 60 tables": (techniques.RESET.name, techniques.TRUNCATE.name),
    "A restore by itself": (
        "nothing changed, three tables read",
        "three tables, a new row each",
        "by hand, three tables written: TRUNCATE of all",
        "10,000",
        "one seeded row changed",
    ),
    "A long run": (techniques.PLAIN.name, techniques.RESET.name),
    "Two workers": ("one process", "two workers, `-n 2`"),
}
SUITE = (
    "seconds",
    "MB of pytest's process",
    "MB of PostgreSQL and its supervisor",
    "MB of all processes together",
    "MB of files",
)
EXAMPLES = {"The suite of the plant": SUITE, "The suite of the data application": SUITE}
CHAPTERS = {"overhead": OVERHEAD, "isolation": ISOLATION, "examples": EXAMPLES}
GOALS = {
    "The suite of the plant": 2,
    "The suite of the data application": 1,
    "From nothing to the first query": 1,
    "A request": 2,
    "The plugin where it is not used": 1,
    "A test with a clean database": 2,
    "The same on 60 tables": 1,
    "A restore by itself": 3,
    "A long run": 1,
    "Two workers": 1,
}
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
@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", CHAPTERS)
def test_a_quick_run_has_figures_for_every_way_and_says_what_it_was_measured_on(part):
    head, *parts = _report(part).split("\n## ")
    assert [fact for fact in MEASURED_ON if fact not in head] == []
    sections = dict(text.split("\n", 1) for text in parts)
    assert list(sections) == list(CHAPTERS[part])
    for title, names in CHAPTERS[part].items():
        rows = _rows(sections[title])
        for name in names:
            assert rows[name], name
            assert all(FIGURE.match(cell) for cell in rows[name]), (name, rows[name])
        goals = re.findall(r"^- \*\*(?:met|missed)\*\*: .*; found \S", sections[title], re.MULTILINE)
        assert len(goals) >= GOALS.get(title, 0), title


def test_a_chapter_takes_the_place_of_the_one_with_its_title_and_of_no_other(tmp_path):
    file = tmp_path / "RESULTS.md"
    for chapter in ("# One\n\nold\n\n## Part\n", "# Two\n\nkept\n", "# One\n\nnew\n"):
        chapters.write(chapter, file)
    assert file.read_text(encoding="utf-8") == "# One\n\nnew\n\n\n# Two\n\nkept\n"


def _report(part: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "bench", part, "--quick"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
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
