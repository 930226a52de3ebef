"""The checks of row-level security find every way around it, as the application's own role."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from seatrial.checks import Finding, Verdict
from seatrial.postgres.cluster import Credential
from tests.integration.checks.conftest import Checked

MINE = "tenant_id::text = current_setting('app.tenant', true)"
SOUND = f"""
create table tenants (id uuid primary key, name text unique not null);
create table documents (id bigint generated always as identity primary key,
  tenant_id uuid not null references tenants, title text not null,
  state text not null default 'draft' check (state in ('draft', 'done')));
alter table documents enable row level security;
alter table documents force row level security;
create policy mine on documents using ({MINE}) with check ({MINE});
create table notes (tenant_id text, note text, primary key (tenant_id, note));
alter table notes enable row level security;
alter table notes force row level security;
create function whose() returns text stable language sql as $$ select current_setting('app.whose', true) $$;
create policy reads on notes for select using (tenant_id = whose());
create policy writes on notes for insert to clerk with check (tenant_id = whose());
create policy removes on notes for delete using (tenant_id = whose());
create table letters (sender text not null, receiver int not null, primary key (sender, receiver));
alter table letters enable row level security;
alter table letters force row level security;
create policy sends on letters for insert with check (sender = whose());
create policy receives on letters for select using (receiver::text = whose());
create view open_documents with (security_invoker) as select * from documents where state = 'draft';
grant select, insert, update, delete on all tables in schema public to clerk;
"""
SETTINGS = """
[tool.seatrial.database]
schema = { sql = ["schema.sql"] }
[tool.seatrial.checks.rls]
tenant_column = "tenant_id"
"""
ROLES = """
create role bypasser login bypassrls password 'secret';
create role guest login;
grant bypasser to guest;
create role postgres superuser;
"""
VIEW = """
create view all_documents as select * from documents;
grant select on all_documents to clerk;
alter view all_documents owner to postgres;
"""
MATERIALIZED = """
create materialized view counts as select * from documents;
grant select on counts to clerk;
"""
FUNCTION = """
create function peek() returns bigint security definer language sql as 'select count(*) from documents';
alter function peek() owner to bypasser;
"""
OFF = "alter table documents disable row level security"
LETTERS = (
    "letters: tried insert, delete (refused only), insert ... returning (refused only), "
    "update (refused only) with 9 sessions"
)
FAULTS = [
    ("tables", OFF, ["documents"], "1 policies that do nothing"),
    ("tables", "alter table documents no force row level security", ["documents"], "does not hold for shop"),
    ("tables", "drop policy mine on documents", ["documents"], "expected a policy, found none"),
    ("tables", "create table bills (id int primary key, tenant_id uuid)", ["bills"], "and no policy either"),
    (
        "policies",
        f"alter policy mine on documents using ({MINE}) with check (true)",
        ["documents: policy mine", "documents: INSERT of others"],
        "WITH CHECK",
    ),
    (
        "policies",
        "create policy all_read on documents for select using (true)",
        ["documents: policy all_read", "documents: SELECT of others"],
        "USING",
    ),
    (
        "policies",
        f"alter policy mine on documents using ({MINE}) with check (state = 'draft')",
        ["documents: INSERT of others"],
        "tenant_id",
    ),
    (
        "policies",
        "alter policy removes on notes using (note is not null)",
        ["notes: policy removes"],
        "lets every one through",
    ),
    (
        "policies",
        OFF,
        ["documents: SELECT", "documents: UPDATE", "documents: DELETE", "documents: INSERT"],
        "accepted",
    ),
    ("views", VIEW, ["all_documents"], "reads as postgres"),
    ("views", MATERIALIZED, ["counts"], "materialized"),
    ("views", FUNCTION, ["peek()"], "SECURITY DEFINER"),
]

Look = Callable[..., Verdict]


@pytest.fixture
def look(checked: Checked) -> Look:
    """The verdict of a check on the sound schema with something changed."""

    def find(name: str, change: str = "", *, app: str = "clerk") -> Verdict:
        checked.project.write({"pyproject.toml": SETTINGS})
        with checked.cluster.connect("postgres") as admin:
            admin.execute("drop database if exists rls_template")
            admin.execute("create database rls_template owner shop")
            if not admin.execute("select from pg_roles where rolname = 'bypasser'").fetchall():
                admin.execute(ROLES.encode())
        with checked.cluster.connect("rls_template", login="owner") as owner:
            owner.execute(SOUND.encode())
        with checked.cluster.connect("rls_template") as admin:
            admin.execute(change.encode())
        cluster = dataclasses.replace(checked.cluster, app=Credential(app, "secret"))
        ground = dataclasses.replace(checked.ground, template="rls_template", cluster=cluster)
        return checked.check(f"rls.{name}", ground=ground)

    return find


@pytest.mark.parametrize("name", ["role", "tables", "views", "policies"])
def test_a_sound_schema_passes(look: Look, name: str) -> None:
    verdict = look(name)
    assert verdict.passed, verdict
    if name == "policies":
        assert verdict.notes == (
            "documents: tried delete, insert, insert ... returning, update with 9 sessions",
            LETTERS,
            "notes: tried delete, insert, insert ... returning, update (refused only) with 9 sessions",
        )


@pytest.mark.parametrize(("name", "change", "where", "what"), FAULTS)
def test_a_fault_is_found(look: Look, name: str, change: str, where: list[str], what: str) -> None:
    findings: tuple[Finding, ...] = look(name, change).findings
    assert [finding.where for finding in findings if finding.where in where] == where, findings
    assert what in " ".join(finding.what for finding in findings)


@pytest.mark.parametrize(
    ("app", "what"),
    [
        ("shop", "it owns documents, letters, notes"),
        ("bypasser", "has BYPASSRLS"),
        ("guest", "may become bypasser"),
    ],
)
def test_a_role_that_is_not_bound(look: Look, app: str, what: str) -> None:
    assert what in str(look("role", app=app))


def test_nothing_is_protected(look: Look) -> None:
    verdict = look("tables", "drop table documents cascade; drop table notes, letters")
    assert "no table has row-level security, and none has a column 'tenant_id'" in str(verdict)
