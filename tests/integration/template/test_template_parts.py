"""Extensions, stand-ins, seeds, roles, SQL and metadata: what a template is made of, and its errors."""

from __future__ import annotations

from tests.support.project import Project

BASE = """
[tool.seatrial]
[tool.seatrial.env]
DATABASE_URL = "{database.url}"
[tool.seatrial.database]
"""
TABLE = "create table ports (id int primary key, name text);\n"


def schema(project: Project, settings: str, test: str, **files: str) -> Project:
    more = {name.replace("__", "."): text for name, text in files.items()}
    return project.write({"pyproject.toml": BASE + settings, "schema.sql": TABLE, "test_it.py": test, **more})


SQL = 'schema = { sql = ["schema.sql"] }\n'
COUNT = "def test_rows(db):\n    assert db.scalar('select count(*) from ports') == {}\n"


def test_seeds_from_sql_and_python_are_part_of_the_template(project: Project) -> None:
    settings = (
        SQL
        + 'seeds = ["seed.sql", "seeds:with_db", "seeds:with_session", "seeds:both", "seeds:asynchronous"]\n'
    )
    python = """
    import os
    import asyncpg
    from sqlalchemy import text

    def with_db(db):
        db.execute("insert into ports values (%s, %s)", 2, "Bergen")

    def with_session(session):
        session.execute(text("insert into ports values (3, 'Cork')"))

    async def both(session):
        session.execute(text("insert into ports values (5, 'Elba')"))

    async def asynchronous():
        connection = await asyncpg.connect(os.environ["DATABASE_URL"])
        await connection.execute("insert into ports values (4, 'Deal')")
        await connection.close()
    """
    schema(
        project,
        settings,
        COUNT.format(5),
        seed__sql="insert into ports values (1, 'Aden');",
        seeds__py=python,
    )
    project.pytest().expect(passed=1)


def test_a_pg_dump_with_copy_blocks_is_a_seed(project: Project) -> None:
    rows = "COPY public.ports (id, name) FROM stdin;\n1\tAden\n2\t\\N\n\\.\n"
    dump = f"\\restrict abc\n{rows}\nSELECT 1;\n\\unrestrict abc\n"
    schema(project, SQL + 'seeds = ["dump.sql"]\n', COUNT.format(2), dump__sql=dump)
    project.pytest().expect(passed=1)


def test_a_failing_sql_seed_names_file_and_line(project: Project) -> None:
    seed = "insert into ports values (1, 'a');\n\ninsert into harbours values (1);\n"
    schema(project, SQL + 'seeds = ["seed.sql"]\n', COUNT.format(0), seed__sql=seed)
    result = project.pytest().expect(4)
    assert "seed.sql:3 failed" in result.output
    assert 'relation "harbours" does not exist' in result.output


def test_a_failing_python_seed_shows_its_traceback(project: Project) -> None:
    seeds = "def plant(db):\n    raise LookupError('no seed in the bag')\n"
    schema(project, SQL + 'seeds = ["seeds:plant"]\n', COUNT.format(0), seeds__py=seeds)
    result = project.pytest().expect(4)
    assert "template.seed-failed" in result.output
    assert "no seed in the bag" in result.output
    assert "seeds.py" in result.output


def test_a_seed_with_unknown_parameters_says_what_it_may_take(project: Project) -> None:
    schema(project, SQL + 'seeds = ["seeds:plant"]\n', COUNT.format(0), seeds__py="def plant(engine): ...\n")
    result = project.pytest().expect(4)
    assert "wants 'engine'" in result.output
    assert "`db`, `session` and `url`" in result.output


def test_a_changed_seed_makes_a_new_template(project: Project) -> None:
    settings = SQL + 'seeds = ["seeds:plant"]\n'
    seeds = """
    from numbers_to_plant import N

    def plant(db):
        db.execute("insert into ports select * from generate_series(1, %s)", N)
    """
    schema(project, settings, COUNT.format(2), seeds__py=seeds, numbers_to_plant__py="N = 2\n")
    project.pytest().expect(passed=1)
    # Not the seed changes, but a module it imports.
    project.write({"numbers_to_plant.py": "N = 5\n", "test_it.py": COUNT.format(5)})
    project.pytest().expect(passed=1)


def test_a_missing_extension_is_named_with_the_remedy(project: Project) -> None:
    schema(project, SQL + 'extensions = ["postgis"]\n', COUNT.format(0))
    result = project.pytest().expect(4)
    assert "template.extension-missing" in result.output
    assert "'postgis'" in result.output


def test_an_extension_with_a_stand_in_has_to_be_allowed(project: Project) -> None:
    schema(project, SQL + 'extensions = ["uuid-ossp"]\n', COUNT.format(0))
    result = project.pytest().expect(4)
    assert 'stand_ins = ["uuid-ossp"]' in result.output


def test_extensions_and_stand_ins_work_and_are_named(project: Project) -> None:
    settings = SQL + 'extensions = ["vector", "uuid-ossp", "pg_trgm"]\nstand_ins = ["uuid-ossp"]\n'
    test = """
    def test_them(db):
        assert db.scalar("select '[1,2]'::vector <-> '[1,3]'::vector") == 1.0
        assert db.scalar("select length(uuid_generate_v4()::text)") == 36
    """
    result = schema(project, settings, test).pytest().expect(passed=1)
    assert "SQL stand-ins are allowed for uuid-ossp" in result.output


def test_metadata_makes_the_schema(project: Project) -> None:
    models = """
    from sqlalchemy import MetaData, Table, Column, Integer
    metadata = MetaData()
    Table("ports", metadata, Column("id", Integer, primary_key=True))
    """
    schema(project, 'schema = { metadata = "models:metadata" }\n', COUNT.format(0), models__py=models)
    project.pytest().expect(passed=1)


def test_metadata_whose_models_were_not_imported_is_an_empty_schema(project: Project) -> None:
    models = "from sqlalchemy import MetaData\nmetadata = MetaData()\n"
    schema(project, 'schema = { metadata = "models:metadata" }\n', COUNT.format(0), models__py=models)
    assert "template.empty-schema" in project.pytest().expect(4).output


APP_ROLE = """
import os
import psycopg
import pytest

def rights(connection):
    return connection.execute(
        "select current_user::text, rolsuper, rolbypassrls, "
        "(select tableowner::text from pg_tables where tablename = 'ports') "
        "from pg_roles where rolname = current_user"
    ).fetchone()

def test_the_application_is_not_the_owner(db):
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        assert rights(connection) == ("sailor", False, False, "seatrial_owner")
        connection.execute("insert into ports values (1, 'Aden')")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("drop table ports")

def test_the_handle_is(db):
    assert db.scalar("select current_user::text") == "seatrial_owner"
"""


def test_the_application_role_owns_nothing_and_may_write(project: Project) -> None:
    schema(project, SQL + 'app_role = "sailor"\n', APP_ROLE)
    project.pytest().expect(passed=2)


def test_grants_of_the_migrations_are_left_as_they_are(project: Project) -> None:
    grants = "grant usage on schema public to sailor; grant select on ports to sailor;\n"
    test = """
    import os
    import psycopg
    import pytest

    def test_only_what_was_granted(db):
        with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("insert into ports values (1)")
    """
    schema(project, SQL.replace("]", ', "grants.sql"]') + 'app_role = "sailor"\n', test, grants__sql=grants)
    project.pytest().expect(passed=1)


def test_settings_of_the_database_reach_every_clone(project: Project) -> None:
    settings = """
    alter database seatrial set timezone to 'Asia/Tokyo';
    alter database seatrial set search_path to a, public;
    """
    test = """
    import pytest

    @pytest.mark.parametrize("n", range(3))
    def test_timezone(db, n):
        assert db.scalar("show timezone") == "Asia/Tokyo"
        assert db.scalar("show search_path") == "a, public"
    """
    schema(project, SQL.replace("]", ', "set.sql"]'), test, set__sql=settings)
    project.pytest().expect(passed=3)


def test_a_command_of_psql_is_refused_by_name(project: Project) -> None:
    schema(project, SQL, COUNT.format(0))
    project.write({"schema.sql": "create table ports (id int);\n\\connect other\n"})
    result = project.pytest().expect(4)
    assert "schema.sql:2" in result.output
    assert "\\connect" in result.output
