"""`db.faults` beside what else there is: leaks and their places, early connections, other settings."""

from __future__ import annotations

import re

from tests.integration.tcp.faulty_shop import PYPROJECT
from tests.support.project import SHOP, Project

LEAKY = f"""{SHOP}
@app.post("/leaks")
async def leaks():
    connection = await app.state.pool.acquire()
    await connection.execute("begin; insert into orders (item) values ('kept')")
    app.state.kept = connection


# Whoever connects while it is imported wakes the server.
import psycopg
with psycopg.connect(os.environ["DATABASE_URL"]) as early:
    early.execute("create table if not exists early (n int)")
"""

SUITE = """
import os
import psycopg
import pytest

def test_it_leaks(client):
    assert client.post("/leaks").status_code == 200

def test_the_next_is_not_affected(client, db):
    assert client.post("/orders", params={"item": "x"}).json() == {"id": 1}
    assert db.scalar("select count(*) from early") == 0

def test_the_applications_address_is_the_proxys(db, database):
    assert db.url() == os.environ["DATABASE_URL"]
    assert os.environ["PGPORT"] == str(database.address.port) != str(database.server_address.port)
    with db.faults.hang():
        assert db.scalar("select 1") == 1
        with psycopg.connect(database.server_address.url()) as direct:
            assert direct.execute("select 1").fetchone() == (1,)
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(db.url(), connect_timeout=2)
"""

OFF = """
import pytest
from seatrial import FakeError

def test_it_is_off(db):
    with pytest.raises(FakeError) as error:
        db.faults.reset()
    assert error.value.code == CODE
"""


def test_a_leak_is_named_and_an_early_connection_served(project: Project) -> None:
    project.shop(SUITE, **{"pyproject.toml": PYPROJECT, "shop.py": LEAKY})
    result = project.pytest().expect(1, passed=3, error=1)
    assert re.search(r"left a transaction open \[leak", result.output)
    # Which connection it was is told by its port, which the proxy has changed on the way. The pool has opened
    # it at its start, or for the request.
    place = r"opened at:\n +\S*/(asyncpg/connect_utils|project/shop)\.py:\d+ "
    assert re.search(place, result.output), result.output


def test_where_there_is_no_proxy(project: Project) -> None:
    project.shop(OFF.replace("CODE", "'faults.off'"), **{"schema.sql": "create table orders (id int);"})
    project.pytest().expect(passed=1)
    project.write({"pyproject.toml": PYPROJECT, "test_shop.py": OFF.replace("CODE", "'faults.sqlite'")})
    result = project.pytest("--seatrial-database=sqlite").expect(passed=1)
    assert "settings passed over, which only PostgreSQL has: faults" in result.output
    project.write({"pyproject.toml": PYPROJECT.replace("faults = true", 'faults = true\nengine = "sqlite"')})
    assert "settings.not-for-sqlite" in project.pytest().output
