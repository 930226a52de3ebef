"""Fixtures of every scope, in suites as teams have them, run by a real pytest."""

from __future__ import annotations

import pytest

from tests.support.project import Project

ITEMS = "select string_agg(item, ' ' order by item) from orders"

CONFTEST = f"""
import os
import pytest
import sqlalchemy as sa

@pytest.fixture(scope="session")
def items(shared_db):
    return lambda: shared_db.scalar("{ITEMS}")

@pytest.fixture(scope="session")
def engine():
    engine = sa.create_engine(os.environ["DATABASE_URL"].replace("postgresql", "postgresql+psycopg"))
    yield engine
    engine.dispose()

@pytest.fixture(scope="session")
def of_session(shared_db, items):
    shared_db.execute("insert into orders (item) values ('session')")
    yield "session"
    # The rows are as they were made, whatever the tests did; only what lives on is there besides.
    assert "session" in items() and "test" not in items()

@pytest.fixture(scope="module")
def of_module(shared_client, items):
    assert shared_client.post("/orders", params={{"item": "module"}}).status_code == 201
    yield "module"
    assert "module" in items() and "test" not in items()

@pytest.fixture(scope="class")
def of_class(engine, items):
    with engine.begin() as connection:
        connection.execute(sa.text("insert into orders (item) values ('class')"))
    yield "class"
    with engine.begin() as connection:
        assert connection.execute(sa.text("delete from orders where item = 'class'")).rowcount == 1
"""

MODULE = """
import pytest
import sqlalchemy as sa

@pytest.fixture(autouse=True)
def nothing_but_what_lives(request, db, items, pytestconfig):
    living = [name for name in ("of_session", "of_module", "of_class") if is_set_up(request, name)]
    assert items() == (" ".join(sorted(name.removeprefix("of_") for name in living)) or None)
    yield
    db.execute("delete from orders")
    db.execute("insert into orders (item) values ('test')")

def is_set_up(request, name):
    found = request._fixturemanager.getfixturedefs(name, request.node)[-1]
    return found.cached_result is not None

def test_plain(items):
    assert "class" not in (items() or "")

@pytest.mark.parametrize("turn", range(2))
def test_session(of_session, items, turn):
    assert "session" in items()

@pytest.mark.parametrize("turn", range(2))
def test_module(of_module, client, turn):
    assert "module" in client.get("/orders").json()

@pytest.mark.usefixtures("of_class")
class TestClass:
    @pytest.mark.parametrize("turn", range(2))
    def test_own_engine(self, engine, turn):
        with engine.begin() as connection:
            assert connection.execute(sa.text("delete from orders where item = 'class'")).rowcount == 1

class TestAll:
    @pytest.mark.parametrize("turn", range(2))
    def test_all(self, of_class, of_module, of_session, items, turn):
        assert items() == "class module session"
"""


@pytest.mark.parametrize("options", [["-p", "no:randomly"], ["-n", "2"], ["-p", "randomly", "-p", "xdist"]])
def test_rows_are_there_for_their_scope_and_gone_after_it(project: Project, options: list[str]) -> None:
    project.shop(**{"conftest.py": CONFTEST, "test_shop.py": MODULE, "test_more.py": MODULE})
    project.pytest("-p", "no:asyncio", *options, plugins=True).expect(passed=18)
