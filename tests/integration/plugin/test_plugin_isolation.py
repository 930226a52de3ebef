"""Isolation as tests of a real suite see it, and the options of pytest that change how they run."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.support.project import SHOP, Project

INSERT = "insert into orders (item) values ('of the start-up')"
APPLICATION = SHOP.replace(
    "        yield\n", f'        await app.state.pool.execute("{INSERT}")\n        yield\n'
)

TESTS = """
import os
import threading
import psycopg
import pytest

@pytest.fixture(scope="session")
def their_engine():
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        yield connection

@pytest.fixture(scope="module")
def their_port():
    return os.environ["PGPORT"]

@pytest.mark.parametrize("turn", range(2))
def test_several_connections_commit(client, db, turn):
    assert client.get("/orders").json() == ["of the start-up"]
    def insert():
        with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
            connection.execute("insert into orders (item) values ('thread')")
    threads = [threading.Thread(target=insert) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert client.post("/orders", params={"item": "x"}).json() == {"id": 6}
    assert db.scalar("select count(*) from orders") == 6

@pytest.mark.parametrize("turn", range(2))
def test_ddl(client, db, turn):
    db.execute("create table hold (id int)")
    db.execute("alter table orders add column weight int")
    db.execute("create schema attic; create extension hstore")
    assert client.get("/orders").json() == ["of the start-up"]

def test_unbound_writes():
    with psycopg.connect("", autocommit=True) as connection:
        connection.execute("insert into orders (item) values ('unbound')")
        connection.execute("create table unbound (id int)")

def test_after_unbound(db):
    assert db.rows("select item from orders") == [{"item": "of the start-up"}]

def test_their_session_engine(their_engine, their_port, db):
    assert str(their_engine.info.port) == their_port
    assert their_engine.execute("select item from orders").fetchall() == [("of the start-up",)]
    their_engine.execute("insert into orders (item) values ('engine')")
    assert db.scalar("select count(*) from orders") == 2
"""

LATE = """
import psycopg
import pytest

def test_0_a_stranger_is_first():
    with psycopg.connect("", autocommit=True) as connection:
        connection.execute("insert into orders (item) values ('of a stranger')")

def test_a_rows_before_the_application(db, request):
    db.execute("insert into orders (item) values ('early')")
    client = request.getfixturevalue("client")
    assert client.get("/orders").json() == ["early", "of the start-up"]

@pytest.mark.parametrize("turn", range(2))
def test_b_do_not_become_everybodys(db, request, turn):
    client = request.getfixturevalue("client")
    assert client.get("/orders").json() == ["of the start-up"]
    assert db.scalar("select count(*) from orders") == 1

@pytest.mark.parametrize("turn", range(2))
def test_c_asked_for_only_while_it_runs(request, turn):
    client = request.getfixturevalue("client")
    assert client.get("/orders").json() == ["of the start-up"]
    client.post("/orders", params={"item": "x"})

def test_d_asserts_nothing(request):
    request.getfixturevalue("client")
"""


def test_every_test_starts_from_the_same_state_in_any_order(project: Project) -> None:
    project.shop(TESTS, **{"shop.py": APPLICATION})
    result = project.pytest("-p", "no:asyncio", "-n", "2", plugins=True).expect(passed=7)
    assert "Using --randomly-seed" in result.output
    assert "6 used seatrial" in result.output
    result = project.pytest("-p", "no:randomly").expect(passed=7)
    assert re.search(r"isolation    \d+ resets?, ", result.output), result.output


def test_an_application_asked_for_in_the_middle_of_a_test(project: Project) -> None:
    result = project.shop(LATE, **{"shop.py": APPLICATION}).pytest().expect(1, passed=6, failed=1)
    assert "6 used seatrial" in result.output
    assert "test_d_asserts_nothing - no-assertion" in result.output


ONE_FAILS = """
def test_a(client): assert client.get("/orders").json() == []
def test_b(client): assert client.get("/orders").json() == ["wrong"]
def test_c(client): assert client.get("/orders").json() == []
"""


def test_pytests_own_options_keep_their_meaning(project: Project) -> None:
    project.shop(ONE_FAILS)
    result = project.pytest("-x", "--setup-show").expect(1, passed=1, failed=1)
    assert "SETUP    F client (fixtures used: seatrial_client" in result.output
    result = project.pytest("--lf", "-qq", "-k", "test_b or test_c").expect(1)
    assert "seatrial:" not in result.output
    assert "used seatrial" not in result.output
    result = project.pytest("--fixtures")
    assert "client -- " in result.output
    for text in ("A synchronous HTTP client of the application", "A small handle on this test's database"):
        assert text in result.output
    assert "free_short_names" not in result.output


def test_collecting_starts_nothing(project: Project) -> None:
    project.shop(ONE_FAILS, **{"shop.py": "raise SystemExit('imported')", "schema.sql": "no sql"})
    result = project.pytest("--collect-only", "-q")
    assert result.status == 0, result.output
    assert "test_shop.py::test_b" in result.output
    assert project.pytest("-k", "nothing_matches").status == 5


def test_a_debugger_stops_the_clocks(project: Project) -> None:
    test = """
    def test_it(client, db, seatrial_trial):
        client.post("/orders", params={"item": "anchor"})
        assert client.get("/orders").json() == ["rope"]
    """
    project.shop(test, **{"shop.py": SHOP + LEAVES_A_TASK})
    wanted = (
        "client.get('/leave').status_code",
        "seatrial_trial.runner.suspended",
        "db.rows('table orders')",
    )
    commands = "".join(f"p {expression}\n" for expression in wanted) + "c\n"
    process = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "seatrial.plugin",
            "-p",
            "pytest_timeout",
            "--pdb",
            "--timeout=60",
        ],
        check=False,
        cwd=project.root,
        env=project.environment(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1"),
        input=commands,
        capture_output=True,
        text=True,
        timeout=100,
    )
    output = process.stdout + process.stderr
    assert process.returncode == 1, output
    assert "(Pdb) 200" in output
    assert "(Pdb) True" in output
    assert "[{'id': 1, 'item': 'anchor'}]" in output
    assert "1 failed" in output


LEAVES_A_TASK = """
import asyncio

@app.get("/leave")
async def leave():
    app.state.left = asyncio.create_task(asyncio.sleep(3600))
"""
