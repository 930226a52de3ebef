"""The environment is complete before anything of the project is imported, and as it was when the run ends."""

from __future__ import annotations

import sys

from tests.support.project import Project

SETTINGS = """
[tool.seatrial]
app = "port:app"
[tool.seatrial.env]
DATABASE_URL = "{database.url}"
SYNC_URL = "{database.url:postgresql+psycopg}"
[tool.seatrial.database]
schema = { sql = ["schema.sql"] }
"""

SCHEMA = "create table ships (name text);\n"

# Connects while it is imported, four times at once, before the server has been asked for by anybody else.
CONFTEST = """
import os
from concurrent.futures import ThreadPoolExecutor
import psycopg

URL = os.environ["DATABASE_URL"]

def insert(name):
    with psycopg.connect(URL) as connection:
        connection.execute("insert into ships values (%s)", [name])

with ThreadPoolExecutor(4) as pool:
    list(pool.map(insert, ["conftest 1", "conftest 2", "conftest 3"]))
    list(pool.map(insert, ["conftest 4"]))
"""

PORT = """
import os
from functools import lru_cache
from fastapi import FastAPI
from pydantic_settings import BaseSettings
from sqlalchemy import Column, Integer, MetaData, Table, create_engine, text

CONSTANT = os.environ["SYNC_URL"]

class Settings(BaseSettings):
    sync_url: str

@lru_cache
def settings():
    return Settings()

engine = create_engine(settings().sync_url)
metadata = MetaData()
Table("berths", metadata, Column("id", Integer, primary_key=True))
metadata.create_all(engine)
app = FastAPI()

@app.post("/ships")
def add(name: str):
    for url in (CONSTANT, settings().sync_url):
        other = create_engine(url)
        with other.begin() as connection:
            connection.execute(text("insert into ships values (:name)"), {"name": name})
        other.dispose()
    with engine.begin() as connection:
        connection.execute(text("insert into berths default values"))
"""

TESTS = """
import os
import subprocess
import sys
import psycopg
import pytest
from conftest import URL
from port import app as imported_app

@pytest.mark.parametrize("turn", range(3))
def test_all_roads_lead_to_the_test_database(client, db, app, turn):
    before = [f"conftest {n}" for n in (1, 2, 3, 4)]
    assert [row["name"] for row in db.rows("select name from ships order by name")] == before
    assert app is imported_app
    assert client.post("/ships", params={"name": "app"}).status_code == 200
    with psycopg.connect(URL) as one, psycopg.connect("") as two:
        assert one.info.dbname == two.info.dbname == "seatrial"
        one.execute("insert into ships values ('constant of conftest')")
        two.execute("insert into ships values ('libpq')")
    assert db.scalar("select count(*) from ships") == 8
    assert db.scalar("select count(*) from berths") == 1

def test_a_child_process_lands_there_too(db):
    insert = "insert into ships values ('child')"
    program = f"import psycopg; psycopg.connect('', autocommit=True).execute({insert!r})"
    subprocess.run([sys.executable, "-c", program], check=True)
    assert db.scalar("select count(*) from ships where name = 'child'") == 1

def test_nothing_inherited_is_left():
    assert "TESTING_DATABASE_URL" not in os.environ
    assert "PGSERVICE" not in os.environ
    assert "swordfish" not in " ".join(os.environ.values())
"""

INHERITED = {
    "DATABASE_URL": "postgresql://u:swordfish@db.example.com/live",
    "PGHOST": "db.example.com",
    "PGPASSWORD": "swordfish",
    "PGSERVICE": "live",
}


def port(project: Project) -> Project:
    files = {"pyproject.toml": SETTINGS, "schema.sql": SCHEMA, "conftest.py": CONFTEST}
    return project.write({**files, "port.py": PORT, "test_port.py": TESTS})


def test_every_way_to_read_settings_at_import_lands_in_the_test_database(project: Project) -> None:
    result = port(project).pytest(**INHERITED).expect(passed=5)
    assert "DATABASE_URL passed over" in result.output
    assert "swordfish" not in result.output


def test_workers_have_servers_of_their_own_and_take_nothing_for_inherited(project: Project) -> None:
    port(project)
    ports = """
    import os
    import pytest
    import port

    @pytest.mark.parametrize("turn", range(6))
    def test_own_server(db, turn, tmp_path_factory):
        shared = tmp_path_factory.getbasetemp().parent / os.environ["PYTEST_XDIST_WORKER"]
        shared.write_text(os.environ["PGPORT"])
        assert db.scalar("select current_setting('port')") == os.environ["PGPORT"]
        assert db.scalar("select current_database()::text") == "seatrial"
        others = {p.read_text() for p in shared.parent.glob("gw?") if p != shared}
        assert os.environ["PGPORT"] not in others
    """
    project.write({"test_ports.py": ports})
    result = project.pytest("-p", "xdist.plugin", "-n", "2", **INHERITED).expect(passed=11)
    assert "passed over" in result.output
    assert "swordfish" not in result.output
    assert "10 used seatrial in 2 processes" in result.output


def test_a_remote_data_store_in_environment_or_file_is_refused_by_name(project: Project) -> None:
    project.shop("def test_it(client): assert client\n")
    project.write({".env": "CACHE_URL=redis://:swordfish@cache.example.com/0\n"})
    result = project.pytest(REPLICA_URL="postgresql://u:swordfish@replica.example.com/live").expect(4)
    assert "env.remote-host" in result.output
    assert "REPLICA_URL points at replica.example.com" in result.output
    assert "CACHE_URL points at cache.example.com (.env)" in result.output
    assert "swordfish" not in result.output
    assert "Traceback" not in result.output


def test_a_conftest_that_changes_the_environment_is_told_before_the_first_test(project: Project) -> None:
    project.shop("def test_it(client): assert client\n")
    project.write({"conftest.py": "import os\nos.environ['DATABASE_URL'] = 'sqlite://u:swordfish@x/y'\n"})
    result = project.pytest().expect(4)
    assert "env.changed" in result.output
    assert "DATABASE_URL is now" in result.output
    assert "swordfish" not in result.output
    # Of a folder's conftest the controller of xdist knows nothing.
    (project.root / "conftest.py").unlink()
    override = "import os\nos.environ['DATABASE_URL'] = 'sqlite://'\n"
    test = "import pytest\n@pytest.mark.parametrize('n', range(9))\ndef test_it(client, n): assert client\n"
    project.write({"sub/conftest.py": override, "sub/test_sub.py": test, "test_shop.py": ""})
    result = project.pytest("-p", "xdist.plugin", "-n", "2")
    # Workers stop at their first test, of which there are at most two.
    assert result.status != 0, result.output
    assert "DATABASE_URL is now 'sqlite://'" in result.output
    assert result.counts.keys() == {"error"}, result.output
    assert result.counts["error"] <= 2


def test_the_environment_is_restored_and_a_second_run_in_the_same_process_works(project: Project) -> None:
    project.shop(
        "def test_it(client): assert client.post('/orders', params={'item': 'x'}).json() == {'id': 1}\n"
    )
    twice = """
    import os
    import threading
    import pytest

    before = dict(os.environ)
    for _ in range(2):
        assert pytest.main(["-p", "seatrial.plugin", "-W", "error", "-q"]) == 0
        changed = {n for n in {*before, *os.environ} if before.get(n) != os.environ.get(n)}
        assert changed <= {"PYTEST_VERSION"}, changed
        others = [thread for thread in threading.enumerate() if thread is not threading.main_thread()]
        for thread in others:
            thread.join(10)
        assert not [thread.name for thread in others if thread.is_alive()]
    """
    project.write({"twice.py": twice})
    result = project.run(
        sys.executable,
        "twice.py",
        PYTEST_DISABLE_PLUGIN_AUTOLOAD="1",
        DATABASE_URL="postgresql://h.example/x",
    )
    assert result.status == 0, result.output
    assert result.output.count("1 passed") == 2


def test_a_server_that_cannot_start_while_a_conftest_connects_tells_why(project: Project) -> None:
    port(project).write({"schema.sql": "create tabel ships (name text);\n"})
    result = project.pytest().expect(4)
    assert "schema.sql:1 failed" in result.output
    assert "conftest.py" in result.output
    project.write({"conftest.py": "", "test_port.py": "import port\n\ndef test_it(db): assert db\n"})
    result = project.pytest()
    assert result.status == 4, result.output
    assert "schema.sql:1 failed" in result.output
    assert "port.py" in result.output
