"""The marker `isolation`, the ways `rollback` and `none`, and applications of a test's own."""

from __future__ import annotations

import pytest

from tests.support.project import PYPROJECT, SHOP, Project

MIXED = """
import pytest

def add(db, item):
    db.execute("insert into orders (item) values (%s)", item)
    return [row["item"] for row in db.rows("select item from orders order by id")]

def test_a(db): assert add(db, "a") == ["a"]

@pytest.mark.isolation("none")
def test_b_finds_what_is_there(db): assert add(db, "b") == ["a", "b"]

@pytest.mark.isolation("none")
def test_c_finds_that_too(db): assert add(db, "c") == ["a", "b", "c"]

@pytest.mark.isolation("clone")
def test_d(db): assert add(db, "d") == ["d"]

@pytest.mark.isolation("reset")
class TestReset:
    def test_e(self, db): assert add(db, "e") == ["e"]

    @pytest.mark.isolation("none")
    def test_f(self, db): assert add(db, "f") == ["e", "f"]

@pytest.mark.isolation("rollback")
def test_g_without_a_session_is_reset(db): assert add(db, "g") == ["g"]

@pytest.mark.isolation("rollback")
def test_h(db_session):
    from sqlalchemy import text
    db_session.execute(text("insert into orders (item) values ('h')"))
    db_session.commit()
    assert db_session.scalars(text("select item from orders")).all() == ["h"]

@pytest.mark.isolation("none")
def test_i_what_was_rolled_back_is_not_there(db): assert add(db, "i") == ["i"]

def test_j(db): assert db.scalar("insert into orders (item) values ('j') returning id") == 1
"""
ORDERED = ("-p", "no:randomly")


@pytest.mark.parametrize("isolation", ["reset", "clone"])
def test_each_test_may_have_its_own_way(project: Project, isolation: str) -> None:
    project.shop(MIXED).pytest(*ORDERED, f"--seatrial-isolation={isolation}").expect(passed=10)


NOTHING = """
import pytest

def test_a(client):
    assert client.post("/orders", params={"item": "a"}).json() == {"id": 1}

def test_b(client, db):
    assert client.get("/orders").json() == ["a"]
    db.execute("insert into orders (item) values ('b')")

def test_c_of_somebody_else():
    pass

def test_d(client):
    assert client.get("/orders").json() == ["a", "b"]

@pytest.mark.isolation("reset")
def test_e(client):
    assert client.get("/orders").json() == []

def test_f(db):
    assert db.scalar("select count(*) from orders") == 0
"""


def test_none_restores_nothing_and_says_so(project: Project) -> None:
    settings = PYPROJECT + 'isolation = "none"\n'
    result = project.shop(NOTHING, **{"pyproject.toml": settings}).pytest(*ORDERED).expect(passed=6)
    assert "isolation none: nothing is restored between tests" in result.output


WRONG = """
import pytest

@pytest.mark.isolation("rolback")
def test_a(db): assert db

@pytest.mark.isolation
def test_b(db): assert db

@pytest.mark.isolation("reset", "clone")
def test_c(db): assert db

@pytest.mark.isolation(way="clone")
def test_d(db): assert db

@pytest.mark.isolation(["clone"])
def test_e(db): assert db
"""


def test_a_marker_that_says_nothing_is_refused_before_the_first_test(project: Project) -> None:
    result = project.shop(WRONG).pytest().expect(4)
    assert "[isolation.marker]" in result.output
    for line in (
        "test_shop.py::test_a: isolation('rolback')",
        "test_shop.py::test_b: isolation()",
        "test_shop.py::test_c: isolation('reset', 'clone')",
        "test_shop.py::test_d: isolation(way='clone')",
        "test_shop.py::test_e: isolation(['clone'])",
    ):
        assert line in result.output
    assert "Valid: clone, none, reset, rollback." in result.output
    assert "Did you mean 'rollback'?" in project.pytest("-k", "test_a").output
    result = project.pytest("-p", "no:asyncio", "-n", "1", plugins=True)
    assert result.status == 2
    assert "[isolation.marker]" in result.output


COUNTS = """
started = []

@app.get("/started")
async def starts():
    app.state.visits = getattr(app.state, "visits", 0) + 1
    return {"starts": len(started), "visits": app.state.visits}
"""
LIFESPAN = """
        await app.state.pool.execute("insert into orders (item) values ('of the start-up')")
        started.append(1)
        app.state.visits = 0
        yield
"""
FRESH = """
import pytest

def visit(client):
    assert client.get("/orders").json() == ["of the start-up"]
    assert client.post("/orders", params={"item": "x"}).json() == {"id": 2}
    return tuple(client.get("/started").json().values())

def test_a(client): assert visit(client) == (1, 1)
def test_b(client): assert visit(client) == (1, 2)

@pytest.mark.fresh_app
def test_c(client): assert visit(client) == (2, 1)

def test_d_needs_none(db):
    assert db.scalar("select count(*) from orders") == 1

@pytest.mark.fresh_app
def test_e_uses_none(db):
    assert db.scalar("select count(*) from orders") == 1

def test_f(client): assert visit(client) == (3, 1)
def test_g(client): assert visit(client) == (3, 2)

@pytest.mark.fresh_app
def test_h(client): assert visit(client) == (4, 1)

@pytest.mark.fresh_app
def test_i(client): assert visit(client) == (5, 1)

@pytest.mark.isolation("none")
@pytest.mark.fresh_app
def test_j(client):
    assert client.get("/orders").json() == ["of the start-up", "x", "of the start-up"]

def test_k(client): assert visit(client) == (7, 1)
"""


def test_an_application_of_its_own(project: Project) -> None:
    shop = SHOP.replace("        yield\n", LIFESPAN.lstrip("\n")) + COUNTS
    project.shop(FRESH, **{"shop.py": shop}).pytest(*ORDERED).expect(passed=11)


CLEARS = """
calls = []

class Cache:
    @staticmethod
    async def clear():
        calls.append("async")

def forget():
    calls.append("sync")
"""
BETWEEN = """
import pytest
from limits import calls

@pytest.mark.parametrize("turn", (1, 2))
def test_called_before_each(client, turn):
    assert calls == ["async", "sync"]
    calls.clear()
"""


def test_functions_between_tests(project: Project) -> None:
    settings = PYPROJECT.replace("app =", 'between_tests = ["limits:Cache.clear", "limits:forget"]\napp =')
    project.shop(BETWEEN, **{"pyproject.toml": settings, "limits.py": CLEARS}).pytest().expect(passed=2)
    project.write({"limits.py": CLEARS.replace('    calls.append("async")', '    raise KeyError("limit")')})
    result = project.pytest().expect(1, error=2)
    assert (
        "'limits:Cache.clear' of between_tests failed (KeyError: 'limit') [app.between-tests]"
        in result.output
    )
    project.write({"limits.py": CLEARS.replace("def forget", "def forgets")})
    result = project.pytest().expect(1, error=2)
    assert "'limits:forget' of between_tests failed (AttributeError" in result.output
