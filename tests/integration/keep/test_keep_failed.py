"""`--seatrial-keep`: the rows of a failed test can be looked at after the run."""

from __future__ import annotations

import re
import signal
import subprocess
import sys

from tests.support.project import Project

TESTS = """
import os
import psycopg
import pytest

@pytest.fixture
def cleaned(db):
    yield db
    db.execute("delete from orders")

@pytest.fixture
def half(db):
    db.execute("insert into orders (item) values ('half set up')")
    raise RuntimeError("no more")

def test_fails(client, cleaned):
    client.post("/orders", params={"item": "rope"})
    assert client.get("/orders").json() == ["sail"]

def test_passes(client):
    client.post("/orders", params={"item": "of one that passed"})
    assert client.get("/orders").json() == ["of one that passed"]

def test_is_not_set_up(half):
    assert half

def test_has_nothing_to_do_with_it():
    assert not "unbound"

@pytest.fixture
def teardown_looks(client, db):
    yield
    assert client.get("/orders").json() == ["mast"] and db.scalar("select count(*) from orders") == 1

def test_goes_on_in_its_teardown(teardown_looks, client):
    client.post("/orders", params={"item": "mast"})
    assert client.get("/orders").status_code == 404
"""


def _served(project: Project, *name: str) -> dict[str, str]:
    """What `seatrial db up` prints, each test with the rows that its command shows."""
    process = project.start(sys.executable, "-m", "seatrial", "db", "up", "--kept", *name)
    assert process.stdout is not None
    try:
        lines = []
        while "Ctrl-C" not in (line := process.stdout.readline()):
            assert line, "\n".join(lines)
            lines.append(line.strip())
        found = {}
        for test, command in zip(lines[::2], lines[1::2], strict=True):
            query = [*command.split(), "-At", "-c", "select item from orders"]
            answer = subprocess.run(query, capture_output=True, text=True, check=False)
            assert answer.returncode == 0, answer.stderr
            found[test] = answer.stdout.strip()
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 0
    return found


def test_the_databases_of_failed_tests_are_served_again(project: Project) -> None:
    project.env["SEATRIAL_CACHE"] = str(project.root.parent / "cache")
    result = project.shop(TESTS).pytest("--seatrial-keep").expect(1, passed=1, failed=3, error=1)
    lines = re.findall(r"^(test_shop.py::\w+): seatrial db up --kept (\S+)$", result.output, re.MULTILINE)
    names = {name for _, name in lines}
    assert len(names) == 1, result.output
    expected = {
        "test_shop.py::test_fails": "rope",
        "test_shop.py::test_is_not_set_up": "half set up",
        "test_shop.py::test_goes_on_in_its_teardown": "mast",
    }
    assert {test for test, _ in lines} == expected.keys()
    assert result.output.count(f"seatrial db up --kept {names.pop()}") == 6, (
        "with each failure, and at the end"
    )
    # Each time they are as the run has left them.
    assert _served(project) == expected
    assert _served(project, lines[0][1]) == expected

    again = project.run(sys.executable, "-m", "seatrial", "db", "up", "--kept", "other")
    assert again.status == 2
    assert "nothing is kept under the name 'other'" in again.output
    assert lines[0][1] in again.output


def test_each_worker_keeps_its_own(project: Project) -> None:
    project.env["SEATRIAL_CACHE"] = str(project.root.parent / "cache")
    tests = """
    import pytest

    @pytest.mark.parametrize("turn", range(4))
    def test_fails(db, turn):
        db.execute("insert into orders (item) values (%s)", f"turn {turn}")
        assert db.rows("select item from orders") == []
    """
    result = project.shop(tests).pytest("-p", "xdist", "-n", "2", "--seatrial-keep").expect(1, failed=4)
    names = set(re.findall(r"^test_shop.py::\S+: seatrial db up --kept (\S+)$", result.output, re.MULTILINE))
    rows: dict[str, str] = {}
    for name in names:
        rows |= _served(project, name)
    assert rows == {f"test_shop.py::test_fails[{turn}]": f"turn {turn}" for turn in range(4)}


def test_nothing_is_kept_without_a_failure_or_without_the_option(project: Project) -> None:
    cache = project.root.parent / "cache"
    project.env["SEATRIAL_CACHE"] = str(cache)
    project.shop("def test_passes(db): assert db.scalar('select 1') == 1")
    project.pytest("--seatrial-keep").expect(passed=1)
    project.shop("def test_fails(db): assert db.scalar('select 1') == 2")
    assert "--kept" not in project.pytest().expect(1, failed=1).output
    assert not (cache / "kept").exists()
