"""On a server of somebody else's, with a role that is no superuser."""

from __future__ import annotations

import re

import psycopg

from tests.integration.oracle.leaky import failures
from tests.support.project import PYPROJECT, Project

TESTS = """
import psycopg
import pytest

KEPT = []

@pytest.mark.parametrize("turn", range(2))
def test_prepared(db, turn):
    with psycopg.connect(db.url()) as connection:
        connection.execute("insert into orders (item) values ('x')")
        connection.execute("prepare transaction 'left'")
    assert db.scalar("select count(*) from orders") == 0

def test_transaction(db):
    KEPT.append(psycopg.connect(db.url()))
    KEPT[-1].execute("insert into orders (item) values ('x')")
    assert db.scalar("select count(*) from orders") == 0

def test_innocent(db):
    with psycopg.connect(db.url()) as connection:
        connection.execute("insert into orders (item) values ('x')")
    assert db.scalar("select count(*) from orders") == 1
"""


def test_leaks_on_a_named_server(project: Project, server: str) -> None:
    with psycopg.connect(server) as other:
        port = other.info.port
        other.execute("select 'a transaction of somebody else'")
        project.shop(TESTS)
        project.write({"pyproject.toml": PYPROJECT.replace('app = "shop:app"\n', "")})
        url = f"postgresql://maker:secret@127.0.0.1:{port}/postgres"
        result = project.pytest("--seatrial-database", url).expect(1, passed=4, error=3)
        found = {name: re.findall(r"\[(leak\.\S+)\]", text) for name, text in failures(result).items()}
        assert found == {
            "test_prepared[0]": ["leak.prepared-transaction"],
            "test_prepared[1]": ["leak.prepared-transaction"],
            "test_transaction": ["leak.open-transaction"],
        }
        assert other.execute("select count(*) from pg_prepared_xacts").fetchone() == (0,)
