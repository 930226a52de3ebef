"""A suite on SQLite as its team sees it: pristine tests, named leaks, and a header nobody overlooks."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from seatrial.config import load_settings
from seatrial.errors import SettingsError
from seatrial.trial import Trial
from tests.integration.sqlite.shop import PYPROJECT, SHOP, write_shop
from tests.support.project import Project

TESTS = """
import os
import pytest

@pytest.mark.parametrize("turn", range(3))
def test_several_connections_commit(client, db, turn):
    assert client.get("/orders").json() == []
    assert [client.post("/orders", params={"item": item}).json()["id"] for item in "ab"] == [1, 2]
    assert db.rows("select id, item from orders where item <> %s", "b") == [{"id": 1, "item": "a"}]
    db.execute("create table extra (id int); insert into extra values (1)")
    assert db.url() == "sqlite:///" + os.environ["DATABASE_URL"].partition(":///")[2]

def test_the_seeds(db):
    assert db.rows("select id, name from customers order by id") == [
        {"id": 1, "name": "Ann; the first"}, {"id": 2, "name": "sqlite"}
    ]

def test_foreign_keys_are_on(client, db):
    refused = client.post("/orders", params={"item": "x", "customer": 9})
    assert (refused.status_code, refused.json()) == (409, {"detail": "FOREIGN KEY constraint failed"})
    with pytest.raises(Exception, match="FOREIGN KEY"):
        db.execute("insert into orders (customer_id, item) values (%s, %s)", 9, "x")
"""

LEAKS = """
import os, sqlite3, threading

PATH = os.environ["DATABASE_URL"].partition("://")[2][1:]
kept = []

def test_a_breaks_a_reference(db):
    assert db.scalar("select count(*) from orders") == 0
    with sqlite3.connect(PATH) as connection:
        connection.execute("insert into orders (id, customer_id, item) values (5, 77, 'x')")
    connection.close()

def test_b_leaves_a_transaction_open(db):
    assert db.scalar("select count(*) from orders") == 0
    kept.append(sqlite3.connect(PATH))
    kept[0].execute("insert into orders (customer_id, item) values (1, 'x')")

def test_c_leaves_one_in_a_thread(client):
    assert client.get("/orders").json() == []
    begun, over = threading.Event(), threading.Event()
    def hold():
        connection = sqlite3.connect(PATH)
        connection.execute("insert into orders (customer_id, item) values (1, 'x')")
        begun.set()
        over.wait(60)
        connection.close()
    kept.append(over)
    threading.Thread(target=hold).start()
    begun.wait(60)

def test_d_is_not_affected(client, db):
    assert client.get("/orders").json() == []
    assert client.post("/orders", params={"item": "x"}).json() == {"id": 1}
    assert db.scalar("select count(*) from orders") == 1
    kept.pop().set()
"""

CONTRARY = """
from sqlalchemy import create_engine, event, text

def test_who_says_the_contrary_is_heard(db):
    engine = create_engine(db.url("sync"))
    event.listen(engine, "connect", lambda connection, _: connection.execute("pragma foreign_keys = off"))
    with engine.connect() as connection:
        assert connection.execute(text("pragma foreign_keys")).scalar() == 0
    engine.dispose()

def test_another_file_is_left_alone(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path}/other.db")
    with engine.connect() as connection:
        assert connection.execute(text("pragma foreign_keys")).scalar() == 0
    engine.dispose()
"""


def test_every_test_starts_from_the_same_state(project: Project) -> None:
    write_shop(project, TESTS)
    first = project.pytest().expect(passed=5).output
    assert "NOT PostgreSQL (engine =" in first
    assert "not tested on SQLite: PostgreSQL's types, row-level security" in first
    assert "database     SQLite" in first
    assert "NOT PostgreSQL; ready in" in first
    assert "template built in" in first
    assert "3 resets" in first
    again = project.pytest("-p", "no:asyncio", "-n", "2", plugins=True).expect(passed=5).output
    assert "in 2 processes" in again
    assert "template from the cache, 2 tables" in again


def test_what_a_test_leaves_fails_that_test(project: Project) -> None:
    output = write_shop(project, LEAKS).pytest("-rE").expect(1, passed=4, error=3).output
    for test in (
        "test_a_breaks_a_reference",
        "test_b_leaves_a_transaction_open",
        "test_c_leaves_one_in_a_thread",
    ):
        assert f"ERROR at teardown of {test}" in output
    assert "row 5 of orders refers to no row of customers [" not in output
    assert "row 5 of orders refers to no row of customers" in output
    assert "a transaction was open; its connection has changed 1 rows" in output
    assert "1 fresh database put in place (a lock that was left: 1)" in output


def test_foreign_keys_are_switched_on_and_no_more(project: Project) -> None:
    write_shop(project, CONTRARY).pytest().expect(passed=2)


def test_what_the_application_writes_when_it_starts_belongs_to_every_test(project: Project) -> None:
    starting = SHOP.replace(
        "    yield\n",
        "    async with app.state.engine.begin() as connection:\n"
        '        await connection.exec_driver_sql("pragma user_version = 3")\n'
        "        await connection.exec_driver_sql(\"insert into orders values (1, 1, 'first')\")\n"
        "    yield\n",
    )
    tests = """
    import pytest

    @pytest.mark.parametrize("turn", range(2))
    def test_it(client, db, turn):
        assert client.get("/orders").json() == ["first"]
        assert db.scalar("pragma user_version") == 3
        db.execute("delete from orders; pragma user_version = 4")
    """
    write_shop(project, tests, **{"shop.py": starting}).pytest().expect(passed=2)


def test_an_application_that_connects_when_it_is_imported(project: Project) -> None:
    early = (
        "import os, sqlite3\n"
        "path = os.environ['DATABASE_URL'].partition('://')[2][1:]\n"
        "early = sqlite3.connect(path, check_same_thread=False)\n"
        "early.execute(\"insert into orders (customer_id, item) values (2, 'early')\")\n"
        "early.commit()\n" + SHOP
    )
    tests = """
    import pytest
    import shop

    @pytest.mark.parametrize("turn", range(2))
    def test_it(client, turn):
        assert client.get("/orders").json() == ["early"]
        assert shop.early.execute("select count(*) from orders").fetchall() == [(1,)]
        client.post("/orders", params={"item": "late"})
    """
    write_shop(project, tests, **{"shop.py": early}).pytest().expect(passed=2)


def test_a_postgresql_suite_is_switched_by_name_only(project: Project) -> None:
    settings = PYPROJECT.replace('engine = "sqlite"\n', 'extensions = ["vector"]\napp_role = "app"\n')
    write_shop(project, TESTS, **{"pyproject.toml": settings})
    named = project.pytest("--seatrial-database=sqlite").expect(passed=5).output
    assert "NOT PostgreSQL (--seatrial-database)" in named
    assert "passed over, which only PostgreSQL has: extensions, app_role" in named

    theirs = project.root / "theirs.db"
    theirs.write_bytes(b"not even a database")
    url = f"sqlite:///{theirs}"
    output = project.pytest(TESTING_DATABASE_URL=url).expect(passed=5).output
    assert "the file that TESTING_DATABASE_URL names is not touched" in output
    assert theirs.read_bytes() == b"not even a database"

    inherited = project.pytest("--collect-only", DATABASE_URL=url)
    assert "database: embedded" in inherited.output
    assert "NOT PostgreSQL" not in inherited.output


def test_a_start_that_fails_leaves_nothing(project: Project) -> None:
    settings = PYPROJECT.replace('"{database.url:async}"', '"{database.url:async}"\nHOST = "{database.host}"')
    settings = settings.replace('engine = "sqlite"\n', "")
    write_shop(project, "", **{"pyproject.toml": settings})
    before = dict(os.environ)
    trial = Trial(load_settings(project.root / "pyproject.toml"), database="sqlite")
    with pytest.raises(SettingsError, match=r"env\.HOST in .*\{database\.host\} has no value on SQLite"):
        trial.prepare()
    assert trial.database is not None
    assert not Path(trial.database.name).parent.exists()
    assert dict(os.environ) == before


def test_nothing_remains_of_a_run_not_even_of_one_that_was_killed(project: Project) -> None:
    tests = """
    import os, pathlib, time

    def test_it(db):
        assert db.scalar("select 1") == 1
        pathlib.Path("path").write_text(os.environ["DATABASE_URL"].partition("://")[2][1:])
        time.sleep(100 if os.environ.get("SLOW") else 0)
    """
    write_shop(project, tests).pytest().expect(passed=1)
    noted = project.root / "path"
    assert not Path(noted.read_text()).parent.exists()
    noted.unlink()

    process = project.start(
        sys.executable, "-m", "pytest", "-p", "seatrial.plugin", PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", SLOW="1"
    )
    while not noted.exists() or not noted.read_text():
        assert process.poll() is None
        time.sleep(0.02)
    killed = Path(noted.read_text())
    assert killed.exists()
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    assert killed.exists()
    project.pytest().expect(passed=1)
    assert not killed.parent.exists()


def test_a_command_gets_a_file_of_its_own(project: Project) -> None:
    write_shop(project, TESTS)
    code = "import os, sqlite3; print(sqlite3.connect(os.environ['DATABASE_URL'].partition('://')[2][1:])"
    code += ".execute('select name from customers').fetchall())"
    result = project.run(sys.executable, "-m", "seatrial", "run", "--", sys.executable, "-c", code)
    assert (result.status, result.output) == (0, "[('Ann; the first',), ('sqlite',)]\n")
