"""The checks of audit trails find every way to change one, as the application's own role."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from seatrial.checks import Verdict
from seatrial.postgres.cluster import Credential
from tests.integration.checks.conftest import Checked

SOUND = """
create table things (id int primary key, name text not null);
create table audit_log (
  number bigint generated always as identity primary key,
  thing int references things on delete restrict,
  actor text not null check (actor <> ''), action varchar(6) not null check (action in ('make', 'change')),
  at timestamptz not null default now(), amount numeric(9, 2), detail jsonb,
  previous_hash bytea unique, hash bytea not null);
create function hashed(a audit_log) returns bytea stable language sql as $$
  select sha256(convert_to(jsonb_build_array(a.number, a.thing, a.actor, a.action, a.at, a.amount, a.detail,
                                             encode(a.previous_hash, 'hex'))::text, 'utf8')) $$;
create function link() returns trigger language plpgsql as $$
begin
  perform pg_advisory_xact_lock(7);
  new.number := coalesce((select max(number) from audit_log), 0) + 1;
  new.previous_hash := (select hash from audit_log order by number desc limit 1);
  new.hash := hashed(new);
  return new;
end $$;
create trigger link before insert on audit_log for each row execute function link();
create function broken_entries() returns setof bigint stable language sql as $$
  select number from (select a.*, hashed(a) as right_hash, lag(hash) over (order by number) as before
                      from audit_log a) a
  where hash <> right_hash or previous_hash is distinct from before order by number $$;
grant select, insert on all tables in schema public to clerk;
"""
SETTINGS = """
[tool.seatrial.database]
schema = { sql = ["schema.sql"] }
[tool.seatrial.checks.audit]
table = "audit_log"
append = "insert into audit_log (actor, action) values ('clerk', 'make')"
verify = "select broken_entries()"
"""
WRITER = """
do $$ begin if not exists (select from pg_roles where rolname = 'writer') then create role writer;
end if; end $$;
"""
CASCADE = """
grant delete on things to clerk;
alter table audit_log drop constraint audit_log_thing_fkey,
  add foreign key (thing) references things on delete cascade;
insert into things values (1, 'x');
insert into audit_log (thing, actor, action) values (1, 'x', 'make');
"""
FAULTS = [
    ("grant update on audit_log to clerk", ["audit_log: UPDATE"], "changes actor, at, amount"),
    ("grant update (actor) on audit_log to clerk", ["audit_log: UPDATE"], "changes actor"),
    ("grant delete on audit_log to clerk", ["audit_log: DELETE"], "changes rows"),
    ("grant delete on audit_log to public", ["audit_log: DELETE"], "changes rows"),
    ("grant truncate on audit_log to clerk", ["audit_log: TRUNCATE"], "changes rows"),
    ("grant trigger on audit_log to clerk", ["audit_log: TRIGGER"], "leave rows out"),
    (
        "alter table audit_log owner to clerk; revoke update, delete, truncate on audit_log from clerk",
        ["audit_log: owner"],
        "switches triggers and policies off",
    ),
    ("alter schema public owner to clerk", ["audit_log: DROP"], "owns the schema"),
    (
        "create view entries as select number, actor from audit_log; grant delete on entries to clerk",
        ["audit_log: entries"],
        "through entries",
    ),
    (CASCADE, ["audit_log: DELETE of things"], "changes rows"),
    (
        WRITER + "grant delete on audit_log to writer; grant writer to clerk with inherit false",
        ["audit_log: SET ROLE writer"],
        "writer can",
    ),
]

Look = Callable[..., Verdict]


@pytest.fixture
def look(checked: Checked) -> Look:
    """The verdict of a check on the sound schema with something changed."""

    def find(
        name: str,
        change: str = "",
        *,
        settings: str = SETTINGS,
        app: str = "clerk",
        files: dict[str, str] | None = None,
    ) -> Verdict:
        checked.project.write({"pyproject.toml": settings, **(files or {})})
        with checked.cluster.connect("postgres") as admin:
            admin.execute("drop database if exists audit_template")
            admin.execute("create database audit_template owner shop")
        with checked.cluster.connect("audit_template", login="owner") as owner:
            owner.execute(SOUND.encode())
        with checked.cluster.connect("audit_template") as admin:
            admin.execute(change.encode())
        cluster = dataclasses.replace(checked.cluster, app=Credential(app, "secret"))
        ground = dataclasses.replace(checked.ground, template="audit_template", cluster=cluster)
        return checked.check(f"audit.{name}", ground=ground)

    return find


def test_a_sound_trail_passes(look: Look) -> None:
    verdict = look("append_only")
    assert verdict.passed, verdict
    assert verdict.notes == ()


@pytest.mark.parametrize(("change", "where", "what"), FAULTS)
def test_a_way_to_change_a_trail_is_found(look: Look, change: str, where: list[str], what: str) -> None:
    findings = look("append_only", change).findings
    assert [finding.where for finding in findings] == where, findings
    assert what in findings[0].what
