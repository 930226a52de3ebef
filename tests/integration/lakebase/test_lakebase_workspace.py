"""Lakebase whole: an application that asks the workspace for a token, and logs in with it."""

from __future__ import annotations

import pytest

from tests.support.project import Project

PYPROJECT = """
[tool.seatrial]
app = "service:app"
[tool.seatrial.env]
DATABRICKS_HOST = "{fakes.databricks.url}"
DATABRICKS_CLIENT_ID = "{fakes.databricks.client_ids.app}"
DATABRICKS_CLIENT_SECRET = "{fakes.databricks.client_secrets.app}"
PGHOST = "{fakes.databricks.lakebase.host}"
PGPORT = "{fakes.databricks.lakebase.port}"
PGUSER = "{fakes.databricks.client_ids.app}"
PGDATABASE = "{database.name}"
PGSSLMODE = "require"
[tool.seatrial.database]
schema = { sql = ["schema.sql"] }
app_role = "11111111-2222-3333-4444-555555555555"
[tool.seatrial.fakes.databricks]
lakebase = true
workspace = "filling:build"
[tool.seatrial.fakes.databricks.service_principals]
app = { client_id = "11111111-2222-3333-4444-555555555555" }
"""
SERVICE = """
import os
from contextlib import asynccontextmanager
import asyncpg
from databricks.sdk import WorkspaceClient
from fastapi import FastAPI

def password():
    made = WorkspaceClient().database.generate_database_credential(instance_names=["shop"], request_id="1")
    return made.token

@asynccontextmanager
async def lifespan(app):
    async with asyncpg.create_pool(password=password, min_size=0, max_size=2) as app.state.pool:
        yield

app = FastAPI(lifespan=lifespan)

@app.post("/orders", status_code=201)
async def add(item: str):
    await app.state.pool.execute("insert into orders (item) values ($1)", item)

@app.get("/orders")
async def orders():
    rows = await app.state.pool.fetch("select item, current_user as who from orders order by id")
    return [list(row) for row in rows]
"""
TESTS = """
import asyncpg
import os
import psycopg
import pytest
import time_machine
from datetime import datetime, timedelta

@pytest.mark.parametrize("turn", range(2))
def test_every_test_starts_pristine(client, fakes, turn):
    assert client.get("/orders").json() == []
    assert client.post("/orders", params={"item": "rope"}).status_code == 201
    assert client.get("/orders").json() == [["rope", os.environ["PGUSER"]]]

def connect(password, **more):
    return psycopg.connect(password=password, connect_timeout=20, **more)

def credential():
    import service
    return service.password()

def test_who_gets_in(fakes):
    one, two = credential(), credential()
    with connect(one) as first, connect(two) as second:
        assert first.execute("select 1").fetchone() == second.execute("select 1").fetchone()
        fakes.databricks.service_principals["app"].revoke_token()
        # Checked at the login only.
        assert first.execute("select 2").fetchone() == (2,)
    for token in (one, "nonsense"):
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            connect(token)
    assert [login.sqlstate for login in fakes.databricks.lakebase.logins] == ["", "", "28P01", "28P01"]

def test_a_token_is_over_after_an_hour(fakes):
    token = credential()
    with connect(token) as open_before:
        with time_machine.travel(datetime.now() + timedelta(minutes=61)):
            assert open_before.execute("select 1").fetchone() == (1,)
            with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                connect(token)

def test_without_tls_nobody_gets_in(fakes):
    with pytest.raises(psycopg.OperationalError) as refused:
        connect(credential(), sslmode="disable")
    assert "SSL" in str(refused.value) or "TLS" in str(refused.value)
"""
FILLING = """
def build(databricks):
    databricks.instance("shop")
"""


def write(project: Project, settings: str = PYPROJECT) -> Project:
    schema = "create table orders (id int generated always as identity primary key, item text not null);\n"
    return project.write(
        {
            "pyproject.toml": settings,
            "filling.py": FILLING,
            "service.py": SERVICE,
            "schema.sql": schema,
            "test_service.py": TESTS,
        }
    )


def test_an_application_on_lakebase(project: Project) -> None:
    write(project).pytest().expect(passed=5)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (PYPROJECT.replace("lakebase = true", 'lakebase = "yes"'), "lakebase as true or false"),
        (
            PYPROJECT.replace(
                "[tool.seatrial.database]", "[tool.seatrial.database]\nengine = 'sqlite'"
            ).replace('app_role = "11111111-2222-3333-4444-555555555555"', ""),
            "found SQLite",
        ),
    ],
)
def test_a_gate_that_cannot_be(project: Project, settings: str, says: str) -> None:
    result = write(project, settings.replace('PGDATABASE = "{database.name}"\n', "")).pytest()
    assert result.status != 0
    assert says in result.output
