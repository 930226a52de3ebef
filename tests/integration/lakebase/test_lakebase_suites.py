"""A suite whose application has nothing but the gate: reset, faults, leaks and pools as without one."""

from __future__ import annotations

import re

import pytest

from tests.support.project import Project

PYPROJECT = """
[tool.seatrial]
app = "shop:app"
[tool.seatrial.env]
DATABASE = "{database.name}"
[tool.seatrial.database]
schema = { sql = ["schema.sql"] }
seeds = ["seeds:beside"]
app_role = "IDENTITY"
"""

CONFTEST = """
import os

import psycopg

from seatrial.fakes.authority import Authority
from seatrial.fakes.databricks.lakebase import LakebaseGate, Verdict
from seatrial.plugin.state import TRIAL
from seatrial.trial.lakebase import lakebase_upstream


def verify(role, token):
    return Verdict.ACCEPTED if token == "dapi-right" else Verdict.WRONG


def pytest_configure(config):
    trial = config.stash[TRIAL]
    gate = LakebaseGate(verify=verify, upstream=lakebase_upstream(trial.database), tls=Authority().context)
    gate.start()
    config.add_cleanup(gate.stop)
    config.add_cleanup(trial.close)  # before it
    os.environ["LAKEBASE"] = str(gate.address[1])
    from address import ADDRESS

    psycopg.connect(**ADDRESS).close()  # early: it starts the server
"""

ADDRESS = """
import os

ADDRESS = {
    "host": "localhost", "port": int(os.environ["LAKEBASE"]), "user": "IDENTITY",
    "password": "dapi-right", "dbname": os.environ["DATABASE"], "sslmode": "require",
}
"""

SEEDS = """
import psycopg

from address import ADDRESS


def beside(db):
    try:
        psycopg.connect(**ADDRESS)
    except psycopg.OperationalError as error:
        assert "cannot be waited for by what builds it" in str(error)
        db.execute("create table seeded (n int)")
"""

APPLICATION = """
from contextlib import asynccontextmanager

import asyncpg
import psycopg
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from psycopg_pool import AsyncConnectionPool
from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import create_async_engine

from address import ADDRESS

OF_ASYNCPG = {name: value for name, value in ADDRESS.items() if name not in ("dbname", "sslmode")}
OF_ASYNCPG |= {"database": ADDRESS["dbname"], "ssl": "require"}


async def with_asyncpg(app, statement):
    async with app.state.asyncpg.acquire() as connection:
        return await connection.fetchval(statement)


async def with_psycopg(app, statement):
    async with app.state.psycopg.connection() as connection:
        cursor = await connection.execute(statement)
        return (await cursor.fetchone())[0]


async def with_sqlalchemy(app, statement):
    async with app.state.engine.begin() as connection:
        return (await connection.execute(text(statement))).scalar()


ASK = {"asyncpg": with_asyncpg, "psycopg": with_psycopg, "sqlalchemy": with_sqlalchemy}


@asynccontextmanager
async def lifespan(app):
    parts = (ADDRESS[name] for name in ("user", "password", "host", "port", "dbname"))
    url = URL.create("postgresql+asyncpg", *parts)
    app.state.engine = create_async_engine(url, connect_args={"ssl": "require"})
    async with (
        asyncpg.create_pool(**OF_ASYNCPG, min_size=1, max_size=3) as app.state.asyncpg,
        AsyncConnectionPool(kwargs=ADDRESS, min_size=1, timeout=20, open=False) as app.state.psycopg,
    ):
        yield
    await app.state.engine.dispose()


app = FastAPI(lifespan=lifespan)


@app.post("/leak")
async def leak():
    app.state.kept = await asyncpg.connect(**OF_ASYNCPG)
    await app.state.kept.execute("begin; insert into orders (item) values ('left')")


@app.api_route("/{driver}", methods=["GET", "POST"])
async def ask(driver: str, statement: str):
    try:
        return await ASK[driver](app, statement)
    except (psycopg.Error, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        return JSONResponse(getattr(error, "sqlstate", None), status_code=503)
"""

SUITE = """
import pytest

DRIVERS = ["asyncpg", "psycopg", "sqlalchemy"]
INSERT = "insert into orders (item) values ('x') returning (select count(*) from orders)"


@pytest.mark.parametrize("turn", range(3))
def test_it_begins_anew(client, db, turn):
    for number, driver in enumerate(DRIVERS):
        assert client.post(f"/{driver}", params={"statement": INSERT}).json() == number
        who = client.get(f"/{driver}", params={"statement": "select current_user::text"})
        assert who.json() == "IDENTITY"
    assert db.scalar("select count(*) from orders") == 3
    assert db.scalar("select count(*) from seeded") == 0


def test_somebody_leaves_a_transaction_open(client):
    assert client.post("/leak").status_code == 200


def test_nobody_notices(client, db):
    test_it_begins_anew(client, db, 0)


@pytest.mark.isolation("clone")
def test_nor_the_exchange(client, db):
    test_it_begins_anew(client, db, 0)
"""

FAULTS = """

@pytest.mark.parametrize("verb", ["reset", "drop", "terminate"])
@pytest.mark.parametrize("driver", ["asyncpg", "psycopg"])
def test_a_broken_connection(client, db, driver, verb):
    fault = getattr(db.faults, verb)()
    reply = client.get(f"/{driver}", params={"statement": "select 1"})
    assert reply.status_code == 503, reply.text
    if driver == "psycopg":
        assert reply.json() == ("57P01" if verb == "terminate" else None)
    assert fault.met == 1


def test_nothing_of_it_is_left(client, db):
    test_it_begins_anew(client, db, 0)
"""


@pytest.mark.parametrize(
    ("role", "isolation", "passed"),
    [
        ("test-user-a@example.com", "reset", 13),
        ("0b1e2a3c-5d6f-4a7b-8c9d-0e1f2a3b4c5d", "clone", 6),
    ],
)
def test_an_application_behind_the_gate(project: Project, role: str, isolation: str, passed: int) -> None:
    faults = isolation == "reset"
    files = {
        "pyproject.toml": f'{PYPROJECT}isolation = "{isolation}"\nfaults = {str(faults).lower()}\n',
        "conftest.py": CONFTEST,
        "address.py": ADDRESS,
        "seeds.py": SEEDS,
        "shop.py": APPLICATION,
        "test_shop.py": SUITE + (FAULTS if faults else ""),
    }
    project.shop(**{name: text.replace("IDENTITY", role) for name, text in files.items()})
    result = project.pytest()
    result.expect(1, passed=passed, error=1)
    assert result.errors("this test left a transaction open [leak.open-transaction]") == 1, result.output
    assert result.errors("latest statement: begin; insert into orders (item) values ('left')"), result.output
    assert re.search(r"shop\.py:\d+ leak\n", result.output), result.output
    assert "Traceback" not in result.output
