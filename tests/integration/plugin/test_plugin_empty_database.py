"""Further databases beside the tested one: empty, the owner's, and gone when their block ends."""

from __future__ import annotations

from tests.support.project import PYPROJECT, Project

SETTINGS = f"{PYPROJECT}extensions = ['vector']\n[tool.seatrial.checks]\nrun = ['schema.primary_keys']\n"
TESTS = """
import psycopg
import pytest

TABLES = "select count(*) from pg_tables where schemaname = 'public'"
OTHERS = "select count(*) from pg_database where datname <> current_database() and datname like '%empty%'"

@pytest.fixture(scope="session")
def kept(empty_database):
    # Open while a check makes databases of its own.
    with empty_database() as empty:
        empty.execute("create table kept (id int)")
        yield empty

def test_it_is_empty_but_for_what_is_declared(kept, empty_database):
    with empty_database() as empty:
        assert empty.scalar(TABLES) == 0
        assert empty.scalar("select '[3,4]'::vector <-> '[0,0]'") == 5

def test_it_belongs_to_the_owner_who_is_no_superuser(kept, db, empty_database):
    with empty_database() as empty, empty_database() as other:
        assert empty.scalar("select current_user") == db.scalar("select current_user")
        assert not empty.scalar("select rolsuper from pg_roles where rolname = current_user")
        empty.execute("create table mine (id int)")
        assert (empty.scalar(TABLES), other.scalar(TABLES), kept.scalar(TABLES)) == (1, 0, 1)
        with psycopg.connect(empty.url()) as connection:
            assert connection.execute("select count(*) from mine").fetchone() == (0,)

def test_it_is_dropped_whoever_is_connected_and_whatever_is_raised(db, kept, empty_database):
    with pytest.raises(LookupError), empty_database() as empty:
        left = psycopg.connect(empty.url())
        assert db.scalar(OTHERS) == 2
        raise LookupError
    left.close()
    assert db.scalar(OTHERS) == 1

@pytest.mark.parametrize("turn", range(3))
def test_the_tested_one_stays_as_it_is(db, empty_database, turn):
    db.execute("insert into orders (item) values ('mine')")
    with empty_database() as empty:
        empty.execute("create table orders (id int)")
    assert db.rows("select id, item from orders") == [{"id": 1, "item": "mine"}]
"""


def test_empty_databases(project: Project) -> None:
    project.shop(TESTS)
    project.write({"pyproject.toml": SETTINGS})
    result = project.pytest().expect(passed=7)
    # It is no change of the tested database, and does not fill the log that is read to put it back.
    assert "fresh database" not in result.output


def test_sqlite_has_none(project: Project) -> None:
    project.shop("def test_one(empty_database):\n    assert empty_database\n")
    project.write({"schema.sql": "create table orders (id integer primary key);\n"})
    result = project.pytest("--seatrial-database=sqlite").expect(1, error=1)
    assert "Checks of databases and `empty_database` need PostgreSQL" in result.output
    assert "[checks.no-postgres]" in result.output
    assert "Traceback" not in result.output
