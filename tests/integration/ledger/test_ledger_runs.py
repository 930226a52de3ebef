"""The record of whole runs: what it holds, what it must not hold, and what is told when it is not whole."""

from __future__ import annotations

import json
import signal
import sys
import time

import pytest

from seatrial.ledger import Ledger, read
from tests.support.project import PYPROJECT, Project

SHOP = """
import os
from contextlib import asynccontextmanager
import httpx2
from fastapi import APIRouter, FastAPI, Header, Request
from sqlalchemy import ForeignKey, select, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

class Base(DeclarativeBase):
    pass

class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    lines: Mapped[list["Line"]] = relationship(lazy="selectin")

class Line(Base):
    __tablename__ = "lines"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    item: Mapped[str]

@asynccontextmanager
async def lifespan(app):
    engine = create_async_engine(os.environ["DATABASE_URL"])
    async with engine.connect() as connection:
        await connection.execute(text("select 'start-up'"))
    app.state.sessions = async_sessionmaker(engine)
    # Nothing of it is encrypted: certificates would take longer to read than all the rest.
    async with httpx2.AsyncClient(base_url=os.environ["PAY_URL"], verify=False) as app.state.pay:
        yield
    await engine.dispose()

orders = APIRouter(prefix="/orders")

@orders.post("", status_code=201)
async def create(request: Request, body: dict):
    async with request.app.state.sessions() as session, session.begin():
        order = Order(lines=[Line(item=item) for item in body["items"]])
        session.add(order)
        await session.flush()
        return {"id": order.id, "token": request.headers.get("authorization", "").removeprefix("Bearer ")}

@orders.get("/slow")
async def slow(request: Request):
    async with request.app.state.sessions() as session:
        found = (await session.scalars(text("select id from orders order by id"))).all()
        statement = text("select item from lines where order_id = :order")
        return [(await session.scalars(statement, {"order": order})).all() for order in found]

@orders.get("/{order_id}")
async def one(request: Request, order_id: int):
    async with request.app.state.sessions() as session:
        found = await session.scalar(select(Order).where(Order.id == order_id))
        await request.app.state.pay.get(f"/paid/{order_id}", params={"key": "a"})
        return [line.item for line in found.lines]

api = APIRouter(prefix="/api")
api.include_router(orders)
app = FastAPI(lifespan=lifespan)
app.include_router(api, prefix="/v1")
"""
SHOP_SETTINGS = """
[tool.pytest.ini_options]
asyncio_default_fixture_loop_scope = "function"
[tool.seatrial]
app = "shop:app"
[tool.seatrial.env]
DATABASE_URL = "{database.url:async}"
PAY_URL = "{fakes.pay.url}"
SECRET = "{identities.secret}"
[tool.seatrial.database]
schema = { metadata = "shop:Base.metadata" }
[tool.seatrial.fakes]
pay = { kind = "http" }
[tool.seatrial.identities]
claims = { sub = "{user.name}" }
[tool.seatrial.identities.users]
alice = { name = "alice" }
"""
SHOP_TESTS = """
import pytest

def make(client, orders, items):
    return [client.post("/v1/api/orders", json={"items": items}).json()["id"] for _ in range(orders)]

@pytest.mark.parametrize("orders", [1, 10])
def test_slow(client, orders):
    make(client, orders, ["rope"])
    assert len(client.get("/v1/api/orders/slow?password=hunter2&page=2").json()) == orders

def test_one(client, fakes, db):
    fakes.pay.on("GET", "/paid/{order}", json={"paid": True})
    alice = client.as_user("alice")
    created = alice.post("/v1/api/orders", json={"items": ["sail"], "api_key": "k-e-y"}).json()
    assert created["token"].count(".") == 2
    headers = {"X-Trace": created["token"]}
    assert alice.get(f"/v1/api/orders/{created['id']}", headers=headers).json() == ["sail"]
    assert db.scalar("select count(*) from lines") == 1

def test_refused(client):
    assert client.get("/v1/api/orders/none").status_code == 422

@pytest.mark.xfail
def test_xfailed():
    assert 0

def test_skipped():
    pytest.skip("so it is")

@pytest.fixture
def broken():
    yield
    raise RuntimeError

def test_error(broken):
    assert 1

@pytest.mark.isolation("rollback")
async def test_session(async_db_session):
    from sqlalchemy import text
    assert (await async_db_session.scalar(text("select count(*) from orders"))) == 0

def test_run_in_app(app, run_in_app):
    from sqlalchemy import text
    async def count():
        async with app.state.sessions() as session:
            return await session.scalar(text("select 'in app'"))
    assert run_in_app(count()) == "in app"
"""


def ledger_of(project: Project) -> Ledger:
    return read(project.root / "run.jsonl")


def test_an_asynchronous_suite_under_two_workers(project: Project) -> None:
    project.write({"pyproject.toml": SHOP_SETTINGS, "shop.py": SHOP, "test_shop.py": SHOP_TESTS})
    result = project.pytest("-n", "2", "--seatrial-ledger=run.jsonl", "-o", "asyncio_mode=auto", plugins=True)
    assert f"written to {project.root / 'run.jsonl'}" in result.output
    result.expect(1, passed=7, xfailed=1, skipped=1, error=1)
    assert [path.name for path in project.root.glob("run.jsonl*")] == ["run.jsonl"]
    ledger = ledger_of(project)
    assert ledger.gaps == []
    assert sorted(run.worker for run in ledger.runs) == ["gw0", "gw1"]
    assert set(ledger.relations) == {("public", "orders"), ("public", "lines")}

    def of(name: str) -> str:
        return f"test_shop.py::{name}"

    outcomes = {test.id.partition("::")[2]: (test.outcome, test.phase) for test in ledger.tests}
    assert outcomes == {
        "test_slow[1]": ("passed", "call"),
        "test_slow[10]": ("passed", "call"),
        "test_one": ("passed", "call"),
        "test_refused": ("passed", "call"),
        "test_xfailed": ("xfailed", "call"),
        "test_skipped": ("skipped", "call"),
        "test_error": ("error", "teardown"),
        "test_session": ("passed", "call"),
        "test_run_in_app": ("passed", "call"),
    }
    assert ledger.test(of("test_one")).assertions == 3
    assert {ledger.test(of(name)).isolation for name in ("test_one", "test_refused")} == {"reset"}
    assert ledger.test(of("test_skipped")).isolation is None
    costs = [test.put_back_ms for test in ledger.tests if test.isolation is not None]
    assert all(cost is not None and cost >= 0 for cost in costs)

    # Statements per exchange: with each order there is one more.
    slow = {
        orders: next(e for e in ledger.exchanges_of(of(f"test_slow[{orders}]")) if e.method == "GET")
        for orders in (1, 10)
    }
    counts = {orders: len(ledger.statements_in(exchange)) for orders, exchange in slow.items()}
    assert counts == {1: 2, 10: 11}
    assert slow[1].route == "/v1/api/orders/slow"
    assert slow[1].path == "/v1/api/orders/slow?password=***&page=2"

    posted, read_again = ledger.exchanges_of(of("test_one"))
    assert [posted.identity, posted.credentials] == ["alice", ("authorization",)]
    assert [read_again.route, read_again.status] == ["/v1/api/orders/{order_id}", 200]
    assert ledger.body(read_again.response_body) == '["sail"]'
    assert ledger.body(posted.request_body) == '{"items":["sail"],"api_key":***}'
    assert {statement.by for statement in ledger.statements_in(posted)} == {"application"}
    (call,) = ledger.outbound_of(of("test_one"))
    assert (call.fake, call.method, call.status, call.attempts) == ("pay", "GET", 200, 1)
    assert [s.driver for s in ledger.statements_of(of("test_one")) if s.by == "db"] == ["psycopg"]
    (refused,) = ledger.exchanges_of(of("test_refused"))
    assert (refused.status, refused.identity, refused.route) == (422, None, "/v1/api/orders/{order_id}")
    (session,) = ledger.statements_of(of("test_session"))
    assert (ledger.sql(session), session.by, session.exchange) == (
        "select count(*) from orders",
        "test",
        None,
    )
    (in_app,) = ledger.statements_of(of("test_run_in_app"))
    assert (ledger.sql(in_app), in_app.by, in_app.exchange) == ("select 'in app'", "test", None)
    assert {ledger.sql(s) for s in ledger.statements_of(None)} == {"select 'start-up'"}
    assert "test_shop.py::test_one" in ledger.tests_touching("public.lines")
    assert ledger.tests_touching("public.lines") == [
        test.id for test in ledger.tests if "slow" in test.id or "one" in test.id
    ]

    text = (project.root / "run.jsonl").read_text()
    for secret in ("eyJ", "hunter2", "k-e-y", "seatrial session"):
        assert secret not in text, secret


FLASK = """
import os
import flask
import psycopg
from psycopg_pool import ConnectionPool

app = flask.Flask(__name__)
pool = ConnectionPool(os.environ["DATABASE_URL"], min_size=1, open=True)

@app.post("/orders")
def create():
    with pool.connection() as connection:
        connection.execute("insert into orders (item) values (%s)", [flask.request.json["item"]])
    return "", 201

@app.get("/orders/<int:order>")
def one(order):
    with pool.connection() as connection:
        return str(connection.execute("select item from orders where id = %s", [order]).fetchone()[0])
"""
FLASK_TESTS = """
def test_it(client):
    client.post("/orders", json={"item": "rope"})
    assert client.get("/orders/1").text == "rope"
"""


@pytest.mark.parametrize("transport", ["memory", "socket"])
def test_a_wsgi_application(project: Project, transport: str) -> None:
    settings = PYPROJECT.replace("[tool.seatrial]", f'[tool.seatrial]\ntransport = "{transport}"', 1)
    project.shop(FLASK_TESTS, **{"shop.py": FLASK, "pyproject.toml": settings})
    project.pytest("--seatrial-ledger=run.jsonl").expect(passed=1)
    ledger = ledger_of(project)
    assert ledger.gaps == []
    posted, got = ledger.exchanges
    assert (posted.route, got.route) == ("/orders", "/orders/<int:order>")
    assert [ledger.sql(s) for s in ledger.statements_in(posted)] == ["insert into orders (item) values (%s)"]
    assert [ledger.sql(s) for s in ledger.statements_in(got)] == ["select item from orders where id = %s"]
    assert len(ledger.statements) == 2


def test_asyncpg_over_a_socket(project: Project) -> None:
    settings = PYPROJECT.replace("[tool.seatrial]", '[tool.seatrial]\ntransport = "socket"', 1)
    tests = """
async def test_a(seatrial_async_client):
    async with seatrial_async_client as client:
        assert (await client.post("/orders", params={"item": "x"})).status_code == 201
        assert (await client.get("/orders")).json() == ["x"]
def test_unread(seatrial_client):
    with seatrial_client.stream("GET", "/orders") as response:
        assert response.status_code == 200
"""
    project.shop(tests, **{"pyproject.toml": settings})
    scope = "asyncio_default_fixture_loop_scope=function"
    options = ("-p", "pytest_asyncio.plugin", "-o", scope, "-o", "asyncio_mode=auto")
    project.pytest(*options, "--seatrial-ledger=run.jsonl").expect(passed=2)
    ledger = ledger_of(project)
    first, second, unread = ledger.exchanges
    assert [e.route for e in (first, second, unread)] == ["/orders"] * 3
    assert [len(ledger.statements_in(e)) for e in (first, second, unread)] == [1, 1, 1]
    assert [s.driver for s in ledger.statements] == ["asyncpg"] * 3


KILLED = """
import os, signal, time

def test_first(client):
    assert client.get("/orders").status_code == 200

def test_killed(client):
    assert client.post("/orders?item=x").status_code == 201
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_worker_that_is_killed(project: Project) -> None:
    project.shop(KILLED)
    result = project.pytest(
        "-p", "xdist.plugin", "-n", "1", "--max-worker-restart=0", "--seatrial-ledger=run.jsonl"
    )
    assert result.status == 1, result.output
    ledger = ledger_of(project)
    assert [test.id for test in ledger.tests] == ["test_shop.py::test_first"]
    assert len(ledger.statements) == 1
    (gap,) = ledger.gaps
    assert (gap.worker, "gw0.part has no end" in gap.what) == ("gw0", True)
    assert f"missing in it: {gap.what}" in result.output
    assert [path.name for path in project.root.glob("run.jsonl*")] == ["run.jsonl"]


def test_a_run_that_is_interrupted(project: Project) -> None:
    waits = """
def test_done(client):
    assert client.get("/orders").status_code == 200

def test_waits(client):
    import pathlib, time
    pathlib.Path("waiting").touch()
    time.sleep(100)
"""
    project.shop(waits)
    command = (sys.executable, "-m", "pytest", "-p", "seatrial.plugin", "--seatrial-ledger=run.jsonl")
    started = project.start(*command, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    end = time.monotonic() + 60
    while not (project.root / "waiting").exists() and time.monotonic() < end:
        time.sleep(0.01)
    started.send_signal(signal.SIGINT)
    output, _ = started.communicate(timeout=60)
    assert started.returncode == 2, output
    ledger = ledger_of(project)
    assert [(test.outcome, test.phase) for test in ledger.tests] == [
        ("passed", "call"),
        ("interrupted", "call"),
    ]
    assert ledger.gaps == []
    assert [path.name for path in project.root.glob("run.jsonl*")] == ["run.jsonl"]


def test_a_place_that_cannot_be_is_told_before_anything_starts(project: Project) -> None:
    project.shop("def test(client): assert client")
    result = project.pytest(f"--seatrial-ledger={project.root}")
    assert result.status == 4, result.output
    assert "[ledger.folder]" in result.output
    assert "INTERNALERROR" not in result.output
    (project.root / "file").write_text("")
    result = project.pytest("--seatrial-ledger=file/run.jsonl")
    assert result.status == 4, result.output
    assert "[ledger.not-written]" in result.output


def test_a_record_that_could_not_be_written_turns_the_run_red(project: Project) -> None:
    files = """
import resource, signal

def test_full(client):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
    assert client.get("/orders").status_code == 200
    for _ in range(50):
        client.get("/orders")
"""
    project.shop(files)
    result = project.pytest("--seatrial-ledger=run.jsonl")
    assert result.status == 1, result.output
    assert result.counts == {"passed": 1}
    assert "[ledger.not-written]" in result.output


def test_a_run_without_a_ledger_loads_and_leaves_nothing_of_it(project: Project) -> None:
    tests = """
import sys
def test_it(client, db):
    assert client.post("/orders?item=x").status_code == 201
    assert db.scalar("select count(*) from orders") == 1
    loaded = {m for m in sys.modules if m.startswith("seatrial.ledger.")}
    assert loaded <= {"seatrial.ledger.sql", "seatrial.ledger.sql.quiet"}
    import asyncpg, psycopg
    assert asyncpg.Connection.fetch.__module__ == "asyncpg.connection"
    assert not hasattr(psycopg.Cursor.execute, "__wrapped__")
"""
    project.shop(tests)
    project.pytest().expect(passed=1)
    assert json.dumps([path.name for path in project.root.glob("*jsonl*")]) == "[]"
