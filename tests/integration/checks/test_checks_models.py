"""Migrations are compared with models, beyond what Alembic itself would see, and new ones are linted."""

from __future__ import annotations

from typing import Any

import pytest

from seatrial.checks import run_check, select
from seatrial.errors import CheckError
from tests.integration.checks.conftest import Checked, revision
from tests.support.alembic_project import SYNC_ENV

MODELS = """
import sqlalchemy as sa

metadata = sa.MetaData()
ports = sa.Table(
    "ports",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(20), sa.CheckConstraint("name <> ''", name="has_name"), nullable=False),
    sa.Column("kind", sa.Enum("sea", "river", name="kind")),
    sa.Index("ix_ports_name", "name", postgresql_where=sa.text("kind = 'sea'")),
)
"""
MIGRATION = revision(
    "r1",
    None,
    up="""
op.execute("create type kind as enum ('sea', 'river')")
op.execute("create table ports (id serial primary key, name varchar(20) not null,"
           " kind kind, constraint has_name check (name <> ''))")
op.execute("create index ix_ports_name on ports (name) where kind = 'sea'")
op.execute("create view seas as select * from ports where kind = 'sea'")
op.execute("create function one() returns int language sql as 'select 1'")
op.execute("create extension hstore")
op.execute("grant select on ports to clerk")
""",
)
MODELS_ENV = SYNC_ENV.replace("target_metadata=None", "target_metadata=models.metadata").replace(
    "from alembic", "import models\nfrom alembic", 1
)
NAMED = '[tool.seatrial.checks.migrations]\nmodels = "models:metadata"\n'


def written(checked: Checked, migration: str = MIGRATION, **more: Any) -> Checked:
    return checked.migrations(files={"models.py": MODELS}, r1=migration, **more)


@pytest.mark.parametrize("more", [{"env": MODELS_ENV}, {"settings": NAMED}], ids=["of env.py", "named"])
def test_equal_models_and_migrations(checked: Checked, more: dict[str, str]) -> None:
    verdict = written(checked, **more).check("migrations.models")
    assert verdict.passed, verdict
    source = "models:metadata" if "settings" in more else "target_metadata of env.py"
    assert verdict.notes == (f"models: {source}",)


@pytest.mark.parametrize(
    ("written_as", "instead", "where", "what"),
    [
        ("name <> '')", "name <> 'x')", "ports", "has_name"),
        ("(name) where kind = 'sea'", "(name)", "ports", "ix_ports_name"),
        ("('sea', 'river')", "('sea', 'river', 'canal')", "kind", "canal"),
        ("varchar(20) not null", "varchar(30) not null", "ports.name", "character varying(20)"),
        ("kind kind,", "kind kind, size int,", "ports.size", "it is not expected: integer"),
    ],
)
def test_what_alembic_does_not_compare(
    checked: Checked, written_as: str, instead: str, where: str, what: str
) -> None:
    migration = MIGRATION.replace(written_as, instead)
    assert migration != MIGRATION
    verdict = written(checked, migration, env=MODELS_ENV).check("migrations.models")
    assert any(finding.where.endswith(where) and what in finding.what for finding in verdict.findings), (
        verdict
    )


_EVENT = """
makes = sa.DDL("create function one() returns int language sql as 'select 2'")
sa.event.listen(metadata, "after_create", makes)
"""


def test_what_models_make_by_events_counts(checked: Checked) -> None:
    checked.migrations(files={"models.py": MODELS + _EVENT}, env=MODELS_ENV, r1=MIGRATION)
    (finding,) = checked.check("migrations.models").findings
    assert "one()" in finding.where


def test_no_models_to_compare_with(checked: Checked) -> None:
    (found,) = written(checked).check("migrations.models").findings
    assert "there is nothing to look at: env.py gives Alembic no target_metadata" in found.what
    (check,) = [check for check in select(["database"]) if check.name == "migrations.models"]
    verdict = run_check(check, checked.ground)
    assert (verdict.passed, verdict.inapplicable) == (True, "env.py gives Alembic no target_metadata")


def test_a_new_revision_is_linted(checked: Checked) -> None:
    statements = "alter table ports alter name set not null; alter table ports add short varchar(9)"
    strict = revision("r2", "r1", up=f"op.execute({statements!r})")
    ports = revision("r1", None, up="op.execute('create table ports (id int, name text)')")
    checked.migrations(r1=ports, r2=strict)
    verdict = checked.check("migrations.lint")
    assert verdict.notes == ("linted: r2",)
    rules = [finding.where.rpartition(": ")[2] for finding in verdict.findings]
    assert "adding-not-nullable-field" in rules
    assert not any(rule.startswith("prefer-") for rule in rules)
    assert all(
        finding.where.startswith("revision r2 (migrations/versions/r2.py): ") for finding in verdict.findings
    )


def test_all_after_a_revision_are_linted_as_the_projects_configuration_says(checked: Checked) -> None:
    ports = revision("r1", None, up="op.execute('create table ports (id int, name text)')")
    checked.migrations(
        settings='[tool.seatrial.checks.migrations]\nlint_after = "r1"\n',
        files={".squawk.toml": 'excluded_rules = ["require-lock-timeout", "require-statement-timeout"]\n'},
        r1=ports,
        r2=revision("r2", "r1", up="op.execute('alter table ports add column code varchar(9)')"),
        r3=revision("r3", "r2", up="op.drop_column('ports', 'code')"),
    )
    verdict = checked.check("migrations.lint")
    assert verdict.notes == ("linted: r2, r3",)
    assert [finding.where.rpartition(": ")[2] for finding in verdict.findings] == [
        "prefer-text-field",
        "ban-drop-column",
    ]


def test_a_revision_to_lint_after_that_is_none(checked: Checked) -> None:
    checked.migrations(settings='[tool.seatrial.checks.migrations]\nlint_after = "r9"\n')
    with pytest.raises(CheckError, match="r9"):
        checked.check("migrations.lint")
