"""Migrations and servers that nobody would want: `seatrial check` says what is wrong, and leaves nothing."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from seatrial.postgres.server import EmbeddedServer
from tests.integration.checks.conftest import Checked, revision
from tests.support.alembic_project import SYNC_ENV, UNCOMMITTED_ENV, alembic_project
from tests.support.project import Project
from tests.support.server import running_server

SECRET = "open-sesame-7"
ROLES = f"""
create role maker createdb login password '{SECRET}';
create role plain login password '{SECRET}';
"""
PORTS = revision(
    "r1", None, up="op.execute('create table ports (id int primary key)')", back="op.drop_table('ports')"
)
SHIPS = revision(
    "r3", "r2", up="op.execute('create table ships (id int primary key)')", back="op.drop_table('ships')"
)
OPEN_TRANSACTION = SYNC_ENV.replace(
    "with engine.connect() as connection:", "with engine.connect() as connection:\n        connection.begin()"
)
R2 = "revision r2 (migrations/versions/r2.py)"


def r2(up: str = "", back: str = "") -> str:
    return revision("r2", "r1", up=up, back=back)


CASES: dict[str, tuple[dict[str, Any], tuple[str, ...], tuple[str, ...]]] = {
    "an extension that the server lacks": (
        {"r1": PORTS, "r2": r2("op.execute('create extension postgis')"), "r3": SHIPS},
        ("migrations.upgrade", "schema.primary_keys"),
        (
            f"{R2}: expected that it can be applied; it raised ",
            '(psycopg.errors.FeatureNotSupported) extension "postgis" is not available',
            "migrations.upgrade: FAILED",
            "schema.primary_keys: FAILED (not done)",
            "1 of 2 checks looked at something; 2 findings in 2.",
        ),
    ),
    "an env.py that never commits": (
        {"env": UNCOMMITTED_ENV, "r1": PORTS, "r2": r2("op.drop_table('ports')")},
        ("migrations.upgrade", "migrations.empty", "migrations.rerun"),
        (
            "revision r1 (migrations/versions/r1.py): expected that it can be applied;",
            "env.py reported success and committed nothing to this database",
            "wrap `context.run_migrations()` in `with context.begin_transaction():`",
            "migrations.empty: FAILED",
            "migrations.rerun: FAILED",
            "the database is at revision none and the head is r2",
        ),
    ),
    "an env.py that leaves a transaction of its own open": (
        {"env": OPEN_TRANSACTION, "r1": PORTS},
        ("migrations.upgrade",),
        ("env.py reported success and committed nothing to this database",),
    ),
    "a syntax error in the middle": (
        {"r1": PORTS, "r2": "def upgrade(:\n", "r3": SHIPS},
        ("migrations.single_head", "migrations.upgrade", "schema.primary_keys"),
        (
            "migrations.single_head: FAILED",
            "SyntaxError: invalid syntax (r2.py, line 1)",
            "migrations.upgrade: expected that it can be done;",
            "schema.primary_keys: FAILED (not done)",
        ),
    ),
    "two heads": (
        {"r1": PORTS, "r2": r2(), "x": revision("x", "r1")},
        ("migrations.single_head", "migrations.rerun"),
        (
            "heads: expected one head, found 2:",
            R2,
            "revision x (migrations/versions/x.py)",
            "have more than one head: r2, x",
        ),
    ),
    "a downgrade that was never written": (
        {"r1": PORTS, "r2": r2("op.execute('create table x ()')", "raise NotImplementedError"), "r3": SHIPS},
        ("migrations.stairway",),
        (f"{R2}: expected that it can be taken back; it raised NotImplementedError", "checks.accept"),
    ),
    "a right that the owner lacks": (
        {"r1": PORTS, "r2": r2("op.execute('create role clerk')"), "r3": SHIPS},
        ("migrations.upgrade",),
        (f"{R2}: expected", "permission denied to create role"),
    ),
}


@pytest.fixture(scope="module")
def server(shared_cache: Path) -> Iterator[EmbeddedServer]:
    with running_server(shared_cache, roles=ROLES) as server:
        yield server


def check(
    project: Project, server: EmbeddedServer, *names: str, role: str = "maker", database: str = "postgres"
) -> tuple[int, str]:
    """Status and output of the command on that server; nothing but templates remains there."""
    url = f"postgresql://{role}:{SECRET}@127.0.0.1:{server.port}/{database}"
    result = project.run(sys.executable, "-m", "seatrial", "check", *names, "--database", url)
    with psycopg.connect(server.admin_dsn(), autocommit=True) as admin:
        left = admin.execute(
            "select datname from pg_database where datname like 'seatrial%' and datname not like '%template%'"
        ).fetchall()
        sessions = admin.execute("select count(*) from pg_stat_activity where usename = %s", [role])
        assert (left, sessions.fetchone()) == ([], (0,))
    assert SECRET not in result.output
    return result.status, result.output


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong_is_told_with_its_revision(project: Project, server: EmbeddedServer, case: str) -> None:
    migrations, names, told = CASES[case]
    alembic_project(project, **migrations)
    status, output = check(project, server, *names)
    assert status == 1, output
    assert [text for text in told if text not in output] == [], output


def test_a_declared_extension_that_the_server_lacks(project: Project, server: EmbeddedServer) -> None:
    settings = alembic_project(project, r1=PORTS).root / "pyproject.toml"
    settings.write_text(settings.read_text() + 'extensions = ["postgis"]\n', encoding="utf-8")
    status, output = check(project, server, "migrations", "schema")
    assert status == 1, output
    declared = (
        "the extension 'postgis' is declared in tool.seatrial.database.extensions; this server lacks it"
    )
    assert output.count(declared) == 2
    assert "migrations.upgrade: FAILED (not done)" in output
    assert "schema.sequences: FAILED (not done)" in output


def test_a_role_that_may_create_no_database(project: Project, server: EmbeddedServer) -> None:
    alembic_project(project, r1=PORTS)
    with psycopg.connect(server.admin_dsn(), autocommit=True) as admin:
        admin.execute("create database named owner plain")
    try:
        status, output = check(project, server, "migrations", role="plain", database="named")
    finally:
        with psycopg.connect(server.admin_dsn(), autocommit=True) as admin:
            admin.execute("drop database named")
    # Nothing is wrong with the project: the command could not be done.
    assert status == 2, output
    assert "CREATEDB is missing" in output
    assert "[checks.no-databases]" in output


MANY = 300
SCHEMA = "\n".join(
    f"""create table t{number} (id bigint primary key, tenant text not null, body text,
  parent bigint constraint t{number}_parent references t{max(number - 1, 0)});
alter table t{number} enable row level security;
alter table t{number} force row level security;
create policy own on t{number} using (tenant = current_setting('app.tenant', true));
grant select, insert, update, delete on t{number} to clerk;
create index on t{number} (parent);"""
    for number in range(MANY)
)
FAULTS = """
drop index t123_parent_idx;
drop policy own on t200; create policy own on t200 using (true);
alter table t77 no force row level security;
"""
MODELS = f"""
import sqlalchemy as sa

metadata = sa.MetaData()
for number in range({MANY}):
    sa.Table(
        f"t{{number}}",
        metadata,
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("tenant", sa.Text, nullable=number == 150),
        sa.Column("body", sa.Text),
        sa.Column(
            "parent",
            sa.BigInteger,
            sa.ForeignKey(f"t{{max(number - 1, 0)}}.id", name=f"t{{number}}_parent"),
            index=False,
        ),
        sa.Index(f"t{{number}}_parent_idx", "parent"),
    )
"""
MANY_SETTINGS = """
[tool.seatrial.checks.migrations]
models = "models:metadata"
[tool.seatrial.checks.rls]
tenant_column = "tenant"
"""


def test_300_tables(checked: Checked) -> None:
    first = revision("r1", None, up=f"op.execute({(SCHEMA + FAULTS)!r})")
    checked.migrations(settings=MANY_SETTINGS, files={"models.py": MODELS}, r1=first)
    differing = checked.check("migrations.models").findings
    assert [finding.where for finding in differing] == ["t123", "t150.tenant"]
    assert "index t123_parent_idx" in differing[0].what

    with checked.cluster.connect("postgres") as admin:
        admin.execute("create database many_template owner shop")
    with checked.cluster.connect("many_template", login="owner") as owner:
        owner.execute((SCHEMA + FAULTS).encode())
    ground = dataclasses.replace(checked.ground, template="many_template")
    found = {
        name: [finding.where for finding in checked.check(name, ground=ground).findings]
        for name in ("schema.foreign_keys", "schema.primary_keys", "rls.role", "rls.tables", "rls.policies")
    }
    assert found == {
        "schema.foreign_keys": ["t123.t123_parent"],
        "schema.primary_keys": [],
        "rls.role": [],
        "rls.tables": ["t77"],
        "rls.policies": [
            "t200: policy own",
            *(f"t200: {command} of others" for command in ("SELECT", "UPDATE", "INSERT", "DELETE")),
        ],
    }
