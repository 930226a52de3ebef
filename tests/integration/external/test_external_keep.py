"""`--seatrial-keep` on a named server: the copy stays there, for a while."""

from __future__ import annotations

import re

import psycopg

from tests.integration.external.conftest import SECRET, Foreign
from tests.support.project import Project

TESTS = """
def test_fails(db):
    db.execute("insert into orders (item) values ('anchor')")
    assert db.rows("select item from orders") == []
"""
OUTDATED = "seatrial_kept_20250101_00ff00"


def test_the_copy_stays_on_the_server(project: Project, foreign: Foreign) -> None:
    project.shop(TESTS)
    with psycopg.connect(foreign.admin, autocommit=True) as admin:
        admin.execute(f"create database {OUTDATED} owner maker".encode())
    url = foreign.url("maker")
    result = project.pytest("--seatrial-keep", TESTING_DATABASE_URL=url).expect(1, failed=1)
    line = rf"test_fails: psql -h 127.0.0.1 -p {foreign.port} -U maker -d (seatrial_kept_\d+_\w+)\n"
    names = re.findall(line, result.output)
    assert len(names) == 1, result.output
    assert SECRET not in result.output
    assert foreign.ours() == names, "and what was kept long ago is gone"
    project.pytest(TESTING_DATABASE_URL=url).expect(1, failed=1)
    with psycopg.connect(foreign.url("maker", names[0])) as connection:
        assert connection.execute("select item from orders").fetchall() == [("anchor",)]
    with psycopg.connect(foreign.admin, autocommit=True) as admin:
        admin.execute(f"drop database {names[0]}".encode())
