"""Checks as a user runs them: the command, and pytest."""

from __future__ import annotations

import sys

import pytest

from tests.integration.checks.conftest import revision
from tests.support.alembic_project import alembic_project
from tests.support.project import Project, Result

PORTS = revision(
    "r1", None, up="op.execute('create table ports (id int primary key)')", back="op.drop_table('ports')"
)
EMPTY = revision("r2", "r1")
RUN = '\n[tool.seatrial.checks]\nrun = ["migrations.empty", "migrations.stairway"]\n'


def check(project: Project, *arguments: str) -> Result:
    return project.run(sys.executable, "-m", "seatrial", "check", *arguments)


@pytest.fixture
def ports(project: Project) -> Project:
    return alembic_project(project, r1=PORTS, r2=EMPTY)


def test_the_command(ports: Project) -> None:
    result = check(ports, "migrations.stairway", "migrations.empty", "migrations.upgrade")
    assert result.status == 1, result.output
    assert "migrations.stairway: ok (" in result.output
    assert "migrations.empty: FAILED (" in result.output
    assert "revision r2 (migrations/versions/r2.py): expected a change, found none" in result.output
    assert "ms  r1  Title of r1." in result.output
    assert result.output.rstrip().endswith("3 of 3 checks looked at something; 1 findings in 1.")


def test_a_template_that_cannot_be_built_does_not_stop_the_checks_that_say_why(ports: Project) -> None:
    ports.write({"migrations/versions/r2.py": revision("r2", "r1", up="op.execute('drop table portz')")})
    result = check(ports, "migrations.upgrade")
    assert result.status == 1, result.output
    assert 'table "portz" does not exist' in result.output


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(("migrations.stairways",), "checks.unknown"), ((), "checks.none")],
)
def test_names_that_cannot_be(ports: Project, arguments: tuple[str, ...], code: str) -> None:
    result = check(ports, *arguments)
    assert result.status == 2, result.output
    assert f"[{code}]" in result.output


def test_what_is_accepted_of_a_check_that_is_none(ports: Project) -> None:
    settings = ports.root / "pyproject.toml"
    accept = '{ check = "migrations.emty", where = "*", reason = "x", until = 2999-01-01 }'
    text = f"\n[tool.seatrial.checks]\nrun = ['migrations.empty']\naccept = [{accept}]\n"
    settings.write_text(settings.read_text(encoding="utf-8") + text, encoding="utf-8")
    for result, status in ((check(ports), 2), (ports.pytest(), 4)):
        assert result.status == status, result.output
        assert "There is no check named 'migrations.emty'. Did you mean 'migrations.empty'?" in result.output


def test_the_list(project: Project) -> None:
    result = check(project, "--list")
    assert result.status == 0
    assert "migrations.stairway" in result.output


def test_checks_beside_tests(ports: Project) -> None:
    settings = ports.root / "pyproject.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + RUN, encoding="utf-8")
    result = ports.pytest("-v", "-rA").expect(1, passed=2, failed=1)
    assert "FAILED seatrial::migrations.empty" in result.output
    assert "PASSED seatrial::migrations.stairway" in result.output
    assert result.errors("expected a change, found none") == 1
    assert "runtest" not in result.output
    ports.pytest("-k", "stairway").expect(passed=1, deselected=2)
    distributed = ("-p", "xdist.plugin", "-n", "2")
    ports.pytest("--seatrial-checks", "migrations.single_head", *distributed).expect(passed=2)


def test_on_sqlite_checks_that_are_switched_on_are_left_out_aloud(ports: Project) -> None:
    settings = ports.root / "pyproject.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + RUN, encoding="utf-8")
    result = ports.pytest("--seatrial-database=sqlite").expect(passed=1)
    assert "2 checks are left out: they need PostgreSQL" in result.output
    result = check(ports, "--database", "sqlite", "migrations.empty")
    assert (result.status, "[checks.no-postgres]" in result.output) == (2, True)


def test_an_option_that_names_none(ports: Project) -> None:
    result = ports.pytest("--seatrial-checks", "rows")
    assert result.status == 4, result.output
    assert "[checks.unknown]" in result.output
