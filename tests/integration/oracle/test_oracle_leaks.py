"""Every kind of leak fails the test that left it, and no other."""

from __future__ import annotations

import re

from tests.integration.oracle.leaky import APPLICATION, CODES, CONFTEST, LEAKS, PLACES, QUERIES, failures
from tests.support.project import Project


def test_each_leak_fails_its_own_test_and_no_other(project: Project) -> None:
    project.shop(LEAKS, **{"shop.py": APPLICATION, "conftest.py": CONFTEST})
    result = project.pytest("-p", "no:asyncio", "-n", "2", plugins=True)
    result.expect(1, passed=len(CODES), error=len(CODES))
    found = failures(result)
    assert {name: re.findall(r"\[(leak\.[a-z-]+)\]", text) for name, text in found.items()} == {
        name: [code] for name, code in CODES.items()
    }
    for name, text in QUERIES.items():
        assert text in found[name]
    for name, pattern in PLACES.items():
        assert re.search(pattern, found[name]), found[name]
    assert "LEAKED was set" in found["test_environment"]
    assert "HOME was removed" in found["test_environment"]
    assert "a secret" not in found["test_environment"]


FIXTURE = """
import os
import psycopg
import pytest

@pytest.fixture(scope="module")
def reader():
    connection = psycopg.connect(os.environ["DATABASE_URL"])
    connection.execute("select item from orders")
    yield connection
    connection.close()

@pytest.mark.parametrize("turn", range(3))
def test_it(db, reader, turn):
    assert db.scalar("select count(*) from orders") == 0
"""


def test_a_transaction_of_a_wider_fixture_is_named_once(project: Project) -> None:
    project.shop(FIXTURE)
    result = project.pytest().expect(1, passed=3, error=1)
    [text] = failures(result).values()
    assert re.search(
        r"the fixture 'reader' of module scope \(\S+test_shop\.py:\d+\) left a transaction open \[leak", text
    )
    assert "latest statement: select item from orders" in text


FAILED = """
import psycopg

KEPT = []

def test_red(db):
    KEPT.append(psycopg.connect(db.url()))
    KEPT[-1].execute("insert into orders (item) values ('x')")
    assert db.scalar("select count(*) from orders") == 1

def test_next(db):
    assert db.scalar("select count(*) from orders") == 0
"""


def test_a_test_that_failed_is_told_what_it_left(project: Project) -> None:
    result = project.shop(FAILED).pytest("-p", "no:randomly").expect(1, passed=1, failed=1)
    shown = result.output.partition("seatrial: left behind, found at teardown")[2]
    assert "this test left a transaction open [leak.open-transaction]" in shown


ADOPTED = """
import os
import psycopg

KEPT = []

def test_two_leaks(db):
    KEPT.append(psycopg.connect(db.url()))
    assert KEPT[-1].execute("select 1").fetchone() == (1,)
    os.environ["LEAKED"] = "1"

def test_none(db):
    assert "LEAKED" not in os.environ
"""


def test_a_suite_that_moves_in_may_have_leaks_for_a_while(project: Project) -> None:
    project.shop(ADOPTED)
    project.pytest("-x").expect(1, passed=1, error=1)
    project.pytest("--lf", "-x").expect(1, passed=1, error=1)
    project.pytest("--seatrial-baseline=create").expect(passed=2)
    project.pytest().expect(passed=2)
    healed = ADOPTED.replace('    os.environ["LEAKED"] = "1"\n', "")
    result = project.write({"test_shop.py": healed}).pytest()
    assert result.status == 1, result.output
    assert "test_two_leaks (leak.changed-environment)" in result.output
    assert "(leak.open-transaction)" not in result.output
    project.pytest("--seatrial-baseline=shrink").expect(passed=2)
    project.pytest().expect(passed=2)
