"""Revisions that lie in packages and in several folders."""

from __future__ import annotations

from tests.support.project import PYPROJECT, Project

ENV = """
from alembic import context
from sqlalchemy import create_engine

with create_engine(context.config.get_main_option("sqlalchemy.url")).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""

REVISION = """
from alembic import op
revision, down_revision = "NAME", BEFORE

def upgrade():
    op.execute("STATEMENT")
"""

COUNT = "select count(*) from information_schema.columns where table_name = 'orders'"


def revision(name: str, before: str | None, statement: str) -> str:
    return REVISION.replace("NAME", name).replace("BEFORE", repr(before)).replace("STATEMENT", statement)


def files(ini: str, scripts: str, columns: int) -> dict[str, str]:
    return {
        "pyproject.toml": PYPROJECT.replace('app = "shop:app"', "").replace(
            'sql = ["schema.sql"]', 'alembic = "alembic.ini"'
        ),
        "alembic.ini": ini,
        f"{scripts}/env.py": ENV,
        f"{scripts}/versions/a.py": revision("a", None, "create table orders (id int)"),
        "test_shop.py": f'def test_columns(db):\n    assert db.scalar("{COUNT}") == {columns}\n',
    }


def test_a_package_is_found_where_the_configuration_says_that_python_looks(project: Project) -> None:
    ini = "[alembic]\nscript_location = shop:migrations\nprepend_sys_path = %(here)s/backend\n"
    project.write({**files(ini, "backend/shop/migrations", 1), "backend/shop/__init__.py": ""})
    project.pytest().expect(passed=1)


def test_a_revision_in_a_second_folder_makes_a_new_template(project: Project) -> None:
    ini = (
        "[alembic]\nscript_location = migrations\npath_separator = space\n"
        "version_locations = %(here)s/migrations/versions %(here)s/plugin\n"
    )
    project.write(
        {**files(ini, "migrations", 2), "plugin/b.py": revision("b", "a", "alter table orders add x int")}
    )
    project.pytest().expect(passed=1)
    project.write(
        {**files(ini, "migrations", 3), "plugin/c.py": revision("c", "b", "alter table orders add y int")}
    )
    project.pytest().expect(passed=1)
