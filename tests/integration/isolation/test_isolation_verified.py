"""`--seatrial-verify`, and the comparison in ordinary runs: an engine that forgets something is found out."""

from __future__ import annotations

import re

import pytest

from tests.support.project import Project

# An engine with a fault: it believes that nothing was written to the table `orders`.
FORGETFUL = """
from seatrial.postgres.isolation.wal.engine import WalReset

healthy = WalReset._reset

def forgetful(self, replacing):
    with self._cluster.connect(self._database) as connection:
        rows = connection.execute("select item from orders").fetchall()
    changed = healthy(self, replacing)
    with self._cluster.connect(self._database) as connection:
        for (item,) in rows:
            connection.execute("insert into orders (item) values (%s)", [item])
    return changed

WalReset._reset = forgetful
"""
TESTS = """
import pytest

def test_one(db):
    assert db.scalar("select count(*) from orders") == 0

def test_two(db):
    assert db.execute("insert into orders (item) values ('rope')") == 1

def test_three(db):
    assert db.scalar("select count(*) from orders") == 0
"""


def test_the_test_whose_traces_stay_is_named_and_the_next_is_not_affected(project: Project) -> None:
    project.shop(TESTS, **{"conftest.py": FORGETFUL})
    result = project.pytest("--seatrial-verify", "-p", "no:randomly").expect(1, passed=3, error=1)
    assert "ERROR at teardown of test_two" in result.output
    assert "what test_shop.py::test_two changed was not undone" in result.output
    assert "table public.orders: 1 row, expected 0" in result.output
    assert "[isolation.not-pristine]" in result.output


@pytest.mark.parametrize("options", [(), ("-p", "no:asyncio", "-n", "2")])
def test_a_sound_engine_passes(project: Project, options: tuple[str, ...]) -> None:
    project.shop(TESTS)
    project.pytest("--seatrial-verify", *options, plugins=bool(options)).expect(passed=3)


def test_ordinary_runs_look_now_and_then(project: Project) -> None:
    many = """
import pytest

@pytest.mark.parametrize("number", range(260))
def test_one(db, number):
    assert db.execute("insert into orders (item) values ('rope')") == 1
"""
    project.shop(many, **{"conftest.py": FORGETFUL})
    result = project.pytest("-p", "no:randomly").expect(1, passed=260, error=1)
    assert "one of the 250 tests up to test_shop.py::test_one[249]" in result.output
    assert "--seatrial-verify tells which test it is" in result.output


def test_a_copy_on_demand_ends_sessions_and_the_next_test_is_reset(project: Project) -> None:
    tests = """
import pytest

@pytest.fixture(scope="module")
def sessions():
    return []

def own(db):
    return db.scalar("select oid from pg_database where datname = current_database()")

def test_one(db, sessions):
    sessions.append(own(db))
    assert db.execute("insert into orders (item) values ('rope')") == 1

@pytest.mark.isolation("clone")
def test_two(db, sessions):
    sessions.append(own(db))
    assert db.scalar("select count(*) from orders") == 0

def test_three(db, sessions):
    assert sessions[0] != sessions[1] == own(db)
"""
    project.shop(tests)
    result = project.pytest("-p", "no:randomly").expect(passed=3)
    assert re.search(r"1 fresh databases? put in place", result.output), result.output
