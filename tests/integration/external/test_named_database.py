"""One named database whose role may create no other: used in place, pristine for every test."""

from __future__ import annotations

import psycopg
import pytest

from seatrial.postgres.choice import write_marker
from tests.integration.external import hostile_schema
from tests.integration.external.conftest import SECRET, Berth
from tests.support.project import PYPROJECT, SHOP, Project

TESTS = """
import pytest

@pytest.mark.parametrize("n", range(4))
def test_pristine(client, db, n):
    assert db.scalar("select count(*) from orders") == 0
    assert client.post("/orders", params={"item": "anchor"}).json() == {"id": 1}
    assert db.scalar("select count(*) from orders") == 1
"""


@pytest.mark.parametrize("source", ["TESTING_DATABASE_URL", "DATABASE_URL", "option"])
def test_an_empty_database_serves_the_suite(project: Project, berth: Berth, source: str) -> None:
    project.shop(TESTS)
    arguments = ("--seatrial-database", berth.url) if source == "option" else ()
    env = {} if source == "option" else {source: berth.url}
    result = project.pytest(*arguments, **env).expect(passed=4)
    assert "isolation reset: in place, by triggers" in result.output
    assert 'the named database, database "berth" as "tenant"' in result.output
    assert "template built" in result.output
    assert SECRET not in result.output
    assert "seatrial may erase" in berth.comment
    assert berth.rows("select count(*) from orders") == [(0,)]
    again = project.pytest(*arguments, **env).expect(passed=4)
    assert "template from the cache" in again.output


def test_whatever_a_test_does_the_next_one_starts_from_the_baseline(project: Project, berth: Berth) -> None:
    project.write(
        {
            "pyproject.toml": hostile_schema.PYPROJECT,
            "schema.sql": hostile_schema.SCHEMA,
            "seeds.sql": hostile_schema.SEEDS,
            "test_all.py": hostile_schema.TESTS,
        }
    )
    result = project.pytest(TESTING_DATABASE_URL=berth.url).expect(passed=len(hostile_schema.CHANGES))
    assert "DDL: 6" in result.output, result.output
    # At the end the database is as the build made it, so the next run need not build.
    result = project.pytest("-k", "nothing", TESTING_DATABASE_URL=berth.url).expect(passed=1, deselected=34)
    assert "template from the cache" in result.output


def test_a_test_that_drops_what_is_ours_harms_nobody(project: Project, berth: Berth) -> None:
    test = """
    import pytest

    @pytest.mark.parametrize("n", range(3))
    def test_it(db, n):
        assert db.scalar("select count(*) from orders") == 0
        db.execute("drop schema seatrial_reset cascade")
        db.execute("insert into orders (item) values ('unseen')")
    """
    project.shop(test)
    assert "DDL: 2" in project.pytest(TESTING_DATABASE_URL=berth.url).expect(passed=3).output


def test_a_changed_schema_is_built_anew_and_nothing_of_the_old_one_stays(
    project: Project, berth: Berth
) -> None:
    old = "create table orders (id int, item text); create type size as enum ('s'); create schema attic;"
    project.shop(
        "def test_it(db):\n    assert db.execute('insert into orders values (1)') == 1\n",
        **{"schema.sql": old},
    )
    project.pytest(TESTING_DATABASE_URL=berth.url).expect(passed=1)
    project.write({"test_shop.py": "def test_it(db):\n    assert db.execute('delete from items') == 0\n"})
    new = "create table orders (id int); create table items (id int); create type size as enum ('l');"
    project.write({"schema.sql": new})
    result = project.pytest(TESTING_DATABASE_URL=berth.url).expect(passed=1)
    assert "template built" in result.output
    assert "2 tables" in result.output
    assert berth.rows("select nspname from pg_namespace where nspname !~ '^(pg_|info)' order by 1") == [
        ("public",),
        ("seatrial_reset",),
    ]


def test_what_was_written_between_runs_is_noticed(project: Project, berth: Berth) -> None:
    project.shop("def test_it(db):\n    assert db.rows('select * from orders') == []\n")
    project.pytest(TESTING_DATABASE_URL=berth.url).expect(passed=1)
    berth.execute("insert into orders (item) values ('flotsam')")
    assert "template built" in project.pytest(TESTING_DATABASE_URL=berth.url).expect(passed=1).output


def test_a_database_that_is_neither_empty_nor_marked_receives_no_write(
    project: Project, berth: Berth
) -> None:
    project.shop(TESTS)
    berth.execute("create table precious (id int)", "insert into precious values (1)")
    before = berth.rows("select pg_current_xact_id_if_assigned(), xmin::text from pg_class where oid > 16384")
    result = project.pytest(TESTING_DATABASE_URL=berth.url).expect(4)
    assert "seatrial db mark --this-database-may-be-erased" in result.output
    project.pytest(DATABASE_URL=berth.url).expect(passed=4)
    assert (
        berth.rows("select pg_current_xact_id_if_assigned(), xmin::text from pg_class where oid > 16384")
        == before
    )
    assert berth.comment == ""


def test_a_marker_that_goes_away_in_the_middle_stops_the_erasing(project: Project, berth: Berth) -> None:
    test = """
    def test_one(db):
        db.execute("comment on database berth is 'mine now'")
        db.execute("create table mine (id int)")
        assert db.scalar("select count(*) from mine") == 0

    def test_two(db):
        pass
    """
    project.shop(test)
    result = project.pytest("-p", "no:randomly", TESTING_DATABASE_URL=berth.url).expect(1, passed=1, error=1)
    assert "database.unmarked" in result.output
    assert berth.rows("select count(*) from mine") == [(0,)]


@pytest.mark.parametrize("moment", ["build", "test"])
def test_a_killed_run_leaves_a_database_that_the_next_one_may_use(
    project: Project, berth: Berth, moment: str
) -> None:
    project.shop(
        "import os\ndef test_end(db):\n    db.execute(\"insert into orders (item) values ('x')\")\n"
        "    os.kill(os.getpid(), 9)\n"
        if moment == "test"
        else TESTS
    )
    if moment == "build":
        pyproject = PYPROJECT.replace("schema =", 'seeds = ["seeds:kill"]\nschema =')
        kill = "import os\ndef kill():\n    os.kill(os.getppid(), 9)\n"
        project.write({"pyproject.toml": pyproject, "seeds.py": kill})
    assert project.pytest(TESTING_DATABASE_URL=berth.url).status == -9
    assert "seatrial may erase" in berth.comment
    project.shop(TESTS)
    project.pytest(TESTING_DATABASE_URL=berth.url).expect(passed=4)


def test_a_second_run_at_the_same_time_is_told_of_the_first(project: Project, berth: Berth) -> None:
    inner = """
    import os, subprocess, sys

    def test_second(db):
        env = {**os.environ, "TESTING_DATABASE_URL": os.environ["AGAIN"]}
        env.pop("SEATRIAL_INHERITED"), env.pop("DATABASE_URL")
        command = [sys.executable, "-m", "pytest", "-p", "seatrial.plugin", "-q", "test_other.py"]
        second = subprocess.run(command, env=env, capture_output=True, text=True)
        output = second.stdout + second.stderr
        assert second.returncode == 4, output
        assert "database.in-use" in output
        assert f"process {os.getpid()} on" in output
    """
    project.shop(inner, **{"test_other.py": "def test_it(db):\n    pass\n"})
    project.pytest("test_shop.py", TESTING_DATABASE_URL=berth.url, AGAIN=berth.url).expect(passed=1)


def test_workers_would_need_databases_of_their_own(project: Project, berth: Berth) -> None:
    project.shop(TESTS)
    result = project.pytest("-p", "xdist", "-n", "2", TESTING_DATABASE_URL=berth.url).expect(4)
    assert "database.one-only" in result.output
    assert 'ALTER ROLE "tenant" CREATEDB' in result.output
    result = project.pytest("-p", "xdist", "-n", "2", DATABASE_URL=berth.url).expect(passed=4)
    assert "DATABASE_URL passed over" in result.output
    assert berth.comment == ""


def test_copies_cannot_be_had(project: Project, berth: Berth) -> None:
    project.shop(TESTS)
    result = project.pytest("--seatrial-isolation", "clone", TESTING_DATABASE_URL=berth.url).expect(4)
    assert "database.one-only" in result.output
    assert "CREATEDB" in result.output


def test_a_session_that_a_test_forgot_is_ended(project: Project, berth: Berth) -> None:
    test = """
    import os
    import psycopg
    import pytest

    kept = []

    @pytest.mark.parametrize("n", range(3))
    def test_open(db, n):
        assert db.scalar("select count(*) from orders") == 0
        kept.append(psycopg.connect(os.environ["DATABASE_URL"]))
        kept[-1].execute("insert into orders (item) values ('never committed')")
        db.execute("insert into orders (item) values ('committed')")
    """
    project.shop(test)
    result = project.pytest(TESTING_DATABASE_URL=berth.url).expect(1, passed=3, error=3)
    assert result.errors("this test left a transaction open [leak.open-transaction]") == 3


def test_what_the_application_wrote_when_it_started_is_every_tests_start(
    project: Project, berth: Berth
) -> None:
    writes = "        await app.state.pool.execute(\"insert into orders (item) values ('keel')\")\n"
    shop = SHOP.replace("        yield\n", f"{writes}        yield\n")
    test = """
    import pytest

    @pytest.mark.parametrize("n", range(4))
    def test_it(client, db, n):
        assert client.get("/orders").json() == ["keel"]
        client.post("/orders", params={"item": str(n)})
        if n == 2:
            db.execute("alter table orders add more int")
    """
    project.shop(test, **{"shop.py": shop})
    result = project.pytest(TESTING_DATABASE_URL=berth.url).expect(passed=4)
    assert "DDL: 1" in result.output
    assert berth.rows("select count(*) from orders") == [(0,)]


def test_alembic_builds_it_and_sees_nothing_of_ours(project: Project, berth: Berth) -> None:
    test = """
    import subprocess, sys
    import pytest
    import sqlalchemy
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    @pytest.mark.parametrize("schemas", [False, True])
    def test_nothing_of_ours_is_seen(db, schemas):
        assert db.execute("insert into orders (item) values ('x')") == 1
        engine = sqlalchemy.create_engine(db.url("sync"))
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"include_schemas": schemas})
            found = compare_metadata(context, sqlalchemy.MetaData())
        engine.dispose()
        assert [change[1].name for change in found if change[0] == "remove_table"] == ["orders"]
        assert {change[0] for change in found} <= {"remove_table", "remove_index"}
    """
    project.shop(test)
    project.write(
        {
            "pyproject.toml": PYPROJECT.replace('{ sql = ["schema.sql"] }', '{ alembic = "alembic.ini" }'),
            "alembic.ini": "[alembic]\nscript_location = migrations\n",
            "migrations/env.py": """
            from alembic import context
            from sqlalchemy import create_engine

            engine = create_engine(context.config.get_main_option("sqlalchemy.url"))
            with engine.connect() as connection:
                context.configure(connection=connection)
                with context.begin_transaction():
                    context.run_migrations()
            """,
            "migrations/versions/one.py": """
            import sqlalchemy as sa
            from alembic import op

            revision, down_revision = "1", None

            def upgrade():
                op.create_table(
                    "orders", sa.Column("id", sa.Integer, primary_key=True), sa.Column("item", sa.Text)
                )
            """,
        }
    )
    result = project.pytest(TESTING_DATABASE_URL=berth.url).expect(passed=2)
    assert "at revision 1" in result.output


def test_the_applications_role_has_no_right_of_ours(project: Project, berth: Berth) -> None:
    test = """
    import os
    import psycopg
    import pytest

    kept = []

    @pytest.mark.parametrize("n", range(3))
    def test_role(db, n):
        assert db.rows("select * from orders") == []
        kept.append(psycopg.connect(os.environ["DATABASE_URL"]))
        kept[-1].execute("insert into orders (item) values ('left open')")
        with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
            assert connection.execute("select current_user::text").fetchone() == ("stoker",)
            connection.execute("insert into orders (item) values ('x')")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("select setval('seatrial_reset.written_1', 1)")
    """
    project.shop(test)
    project.write({"pyproject.toml": PYPROJECT.replace("schema =", 'app_role = "stoker"\nschema =')})
    refused = project.pytest(TESTING_DATABASE_URL=berth.url).expect(4)
    assert "CREATEROLE" in refused.output
    berth.execute("alter role tenant createrole", admin=True)
    try:
        project.pytest(TESTING_DATABASE_URL=berth.url).expect(passed=3)
    finally:
        berth.execute("drop owned by stoker", "drop role stoker", admin=True)


def test_missing_rights_are_listed_together(project: Project, berth: Berth) -> None:
    project.shop(TESTS)
    berth.execute("create schema seatrial_reset", "create table public.theirs (id int)", admin=True)
    berth.execute(
        "alter schema public owner to current_user", "revoke create on schema public from public", admin=True
    )
    with psycopg.connect(berth.url) as connection:
        write_marker(connection)
    result = project.pytest(TESTING_DATABASE_URL=berth.url).expect(4)
    assert "isolation.rights" in result.output
    for right in ("CREATE on the schema public", "the schema seatrial_reset", "the table public.theirs"):
        assert right in result.output, result.output


def test_who_keeps_the_old_tables_locked_is_named(project: Project, berth: Berth) -> None:
    project.shop(TESTS)
    project.pytest(TESTING_DATABASE_URL=berth.url).expect(passed=4)
    project.write(
        {"schema.sql": "create table orders (id int generated always as identity, item text, x int);"}
    )
    with psycopg.connect(berth.admin_here, application_name="the harbour master") as guard:
        guard.execute("lock table orders in access share mode")
        result = project.pytest(TESTING_DATABASE_URL=berth.url).expect(4)
    assert "isolation.locked" in result.output
    assert "the harbour master" in result.output
