"""What goes wrong tells its true cause, once, before the first test where that is possible."""

from __future__ import annotations

import pytest

from tests.support.project import PYPROJECT, SHOP, Project

TWO_TESTS = """
import pytest

@pytest.mark.parametrize("n", range(20))
def test_it(client, n):
    assert client
"""

BROKEN_IMPORT = "import no_such_library\n"

RAISING_FACTORY = """
def create_app():
    raise LookupError("no harbour")
"""

RAISING_LIFESPAN = """
from contextlib import asynccontextmanager
from fastapi import FastAPI

@asynccontextmanager
async def lifespan(app):
    raise LookupError("no anchor")
    yield

app = FastAPI(lifespan=lifespan)
"""

SIGNAL_LIFESPAN = """
import asyncio
import signal
from contextlib import asynccontextmanager
from fastapi import FastAPI

@asynccontextmanager
async def lifespan(app):
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, print)
    yield

app = FastAPI(lifespan=lifespan)
"""


@pytest.mark.parametrize(
    ("app", "code", "said"),
    [
        ("shop:app", BROKEN_IMPORT, ("ModuleNotFoundError: No module named 'no_such_library'", "shop.py")),
        ("shop:create_app", RAISING_FACTORY, ("LookupError: no harbour", "in create_app")),
        ("shop:app", RAISING_LIFESPAN, ("app.startup-failed", "LookupError: no anchor", "in lifespan")),
        ("shop:app", SIGNAL_LIFESPAN, ("app.signal-handler", "What to do")),
    ],
    ids=["import", "factory", "lifespan", "signal-handler"],
)
def test_an_application_that_does_not_start_ends_the_run(
    project: Project, app: str, code: str, said: tuple[str, ...]
) -> None:
    settings = PYPROJECT.replace("shop:app", app)
    project.shop(TWO_TESTS, **{"pyproject.toml": settings, "shop.py": code})
    result = project.pytest()
    assert result.status == 4, result.output
    assert "no tests ran" in result.output
    for words in said:
        assert words in result.output
    assert "seatrial/plugin/" not in result.output
    assert "seatrial/trial/" not in result.output


def test_workers_tell_it_too_and_do_not_go_on(project: Project) -> None:
    result = project.shop(TWO_TESTS, **{"shop.py": BROKEN_IMPORT}).pytest("-p", "xdist.plugin", "-n", "2")
    assert result.status != 0
    assert "ModuleNotFoundError: No module named 'no_such_library'" in result.output
    assert result.counts.keys() == {"error"}, result.output
    assert result.counts["error"] <= 2


FAILING_REQUESTS = (
    SHOP
    + """
import asyncio
from fastapi import HTTPException

@app.get("/broken")
async def broken():
    raise ZeroDivisionError("in the engine room")

async def pump_the_bilge():
    await asyncio.sleep(3600)

@app.get("/leave")
async def leave():
    app.state.left = asyncio.create_task(pump_the_bilge())
"""
)

TESTS_OF_THEM = """
def test_a_its_traceback_is_shown(client):
    assert client.get("/broken").status_code == 200

def test_b_caught_by_the_test(client):
    try:
        client.get("/broken")
    except ZeroDivisionError:
        pass
    assert client.get("/orders").json() == []

def test_c_something_is_left(client, db):
    assert client.get("/leave").status_code == 200

def test_d_the_next_one_is_green(client):
    assert client.get("/orders").json() == []

def test_e_fails_on_its_own(client):
    assert client.get("/orders").json() == ["not there"]
"""


def test_what_happens_inside_the_application_is_told_with_the_test(project: Project) -> None:
    result = project.shop(TESTS_OF_THEM, **{"shop.py": FAILING_REQUESTS}).pytest("-p", "no:randomly")
    result.expect(1, passed=2, failed=3)
    assert result.output.count("raised inside the application") == 1
    assert "While the application answered GET /broken" in result.output
    assert "in broken" in result.output
    assert "app.left-running" in result.output
    assert "task pump_the_bilge" in result.output
    assert "started by GET /leave" in result.output


def test_wrong_settings_are_refused_by_name(project: Project) -> None:
    project.shop("", **{"pyproject.toml": PYPROJECT.replace("schema =", "shema =")})
    result = project.pytest().expect(4)
    assert "shema" in result.output
    assert "Did you mean 'schema'?" in result.output
    assert "pyproject.toml" in result.output
    assert "Traceback" not in result.output
    assert "usage: " in project.pytest("--help").output


def test_what_is_not_configured_is_said_when_a_test_asks_for_it(project: Project) -> None:
    project.write({"pyproject.toml": "[tool.seatrial]\n", "test_it.py": "def test_db(db): assert db\n"})
    result = project.pytest().expect(1, error=1)
    assert "pyproject.toml has no [tool.seatrial.database]" in result.output
    project.write({"test_it.py": "def test_client(client): assert client\n"})
    result = project.pytest().expect(4)
    assert "settings.no-app" in result.output
    assert 'set app = "package.module:app"' in result.output


def test_an_application_without_tables_is_refused(project: Project) -> None:
    settings = PYPROJECT.replace('schema = { sql = ["schema.sql"] }', "")
    result = project.shop(TWO_TESTS, **{"pyproject.toml": settings}).pytest()
    assert result.status == 4, result.output
    assert "template.empty-schema" in result.output


def test_no_password_is_ever_printed(project: Project) -> None:
    tests = """
    def test_it(client, db, database, identities, seatrial_trial):
        assert client.get("/orders").json() == [db, database, identities, seatrial_trial, database.prepared]
    """
    settings = PYPROJECT.replace("[tool.seatrial.env]", '[tool.seatrial.env]\nMY_TOKEN = "swordfish"')
    project.shop(tests, **{"pyproject.toml": settings, "conftest.py": PRINTS_SECRETS})
    result = project.pytest("-vv", "--showlocals", "-s").expect(1, failed=1)
    secrets = (project.root / "secrets").read_text().split()
    assert len(secrets) == 3
    for secret in secrets:
        assert secret not in result.output
    target = "postgresql://u:swordfish@db.example.com/live_test"
    for run in (project.pytest(f"--seatrial-database={target}"), project.pytest(TESTING_DATABASE_URL=target)):
        assert run.status == 4
        assert "db.example.com" in run.output
        assert "swordfish" not in run.output


PRINTS_SECRETS = """
import os
import pathlib

def pytest_sessionfinish():
    url = os.environ["DATABASE_URL"]
    password = url.partition("@")[0].rpartition(":")[2]
    pathlib.Path("secrets").write_text(" ".join([password, os.environ["PGPASSWORD"], os.environ["MY_TOKEN"]]))
"""
