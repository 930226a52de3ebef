"""Empty databases on a server somebody names: where its role may make some, and nowhere else."""

from __future__ import annotations

from tests.integration.external.conftest import SECRET, Berth, Foreign
from tests.support.project import Project

TEST = """
def test_one(empty_database):
    with empty_database() as empty:
        assert empty.scalar("select current_database()").startswith("seatrial")
        empty.execute("create table orders (id int)")
        assert empty.scalar("select count(*) from orders") == 0
"""


def test_a_role_that_may_create_databases(project: Project, foreign: Foreign) -> None:
    project.shop(TEST)
    project.pytest(TESTING_DATABASE_URL=foreign.url("maker")).expect(passed=1)
    assert foreign.ours() == []


def test_one_that_may_not_is_told_what_is_missing(project: Project, berth: Berth) -> None:
    project.shop(TEST)
    result = project.pytest(TESTING_DATABASE_URL=berth.url).expect(1, error=1)
    assert "the role of the named one may not (CREATEDB is missing)" in result.output
    assert "[checks.no-databases]" in result.output
    assert SECRET not in result.output
