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
ROLES = """
revoke set on parameter session_replication_role from clerk;
do $$ begin
  if exists (select from pg_roles where rolname = 'writer') then
    revoke writer from clerk;
  end if;
  if not exists (select from pg_roles where rolname = 'almighty') then
    create role almighty login superuser password 'secret';
  end if;
end $$;
"""
WRITER = """
do $$ begin if not exists (select from pg_roles where rolname = 'writer') then create role writer;
end if; end $$;
"""
CASCADE = """
grant delete on things to clerk;
alter table audit_log drop constraint audit_log_thing_fkey,
  add foreign key (thing) references things on delete cascade;
"""
FROM_FAR = """
create table customers (id int primary key);
alter table things add customer int references customers on delete cascade;
alter table audit_log drop constraint audit_log_thing_fkey,
  add foreign key (thing) references things on delete cascade;
grant delete on customers to clerk;
"""
KEY_MOVES = """
alter table audit_log drop constraint audit_log_thing_fkey,
  add foreign key (thing) references things on update cascade;
grant update on things to clerk;
"""
UUID_MOVES = """
create table owners (id uuid primary key);
insert into owners select gen_random_uuid() from generate_series(1, 3);
alter table audit_log add owner uuid references owners on update set null;
grant update on owners to clerk;
"""
VIEW_ON_VIEW = """
create view entries as select number, actor from audit_log;
create view newest as select * from entries;
grant update on newest to clerk;
"""
LEAVES_OUT = """
create or replace function hashed(a audit_log) returns bytea stable language sql as $$
  select sha256(convert_to(jsonb_build_array(a.number, a.thing, a.actor, a.action, a.at, a.detail,
                                             encode(a.previous_hash, 'hex'))::text, 'utf8')) $$;
"""
NO_LOCK = """
create or replace function link() returns trigger language plpgsql as $$
begin
  new.number := coalesce((select max(number) from audit_log), 0) + 1;
  new.previous_hash := (select hash from audit_log order by number desc limit 1);
  new.hash := hashed(new);
  return new;
end $$;
"""
DROP_KEYS = """
alter table audit_log drop constraint audit_log_pkey, drop constraint audit_log_previous_hash_key;
"""
REFUSING = """
create function refuse() returns trigger language plpgsql as $$ begin raise 'append only'; end $$;
create trigger refuse before update or delete on audit_log for each row execute function refuse();
grant update, delete on audit_log to clerk;
"""
PARAMETER = "grant set on parameter session_replication_role to clerk;"
PART = """
create table audit_old () inherits (audit_log);
insert into audit_old (number, actor, action, hash) overriding system value values (0, 'x', 'make', '');
grant delete on audit_old to clerk;
"""
PART_OF_PART = """
create table audit_old () inherits (audit_log);
create table audit_older () inherits (audit_old);
insert into audit_older (number, actor, action, hash) overriding system value values (0, 'x', 'make', '');
grant delete on audit_older to clerk;
"""
FUNCTIONS = """
create table audit_logs ();
create function remove_old(before int) returns void security definer language sql as 'delete from audit_log';
create function forget() returns void security definer language sql
  begin atomic update audit_log set actor = 'x'; end;
create function trim_log() returns void security definer language sql as 'delete from audit_log';
create function as_caller() returns void language sql as 'delete from audit_log';
create function seen() returns bigint security definer language sql as 'select count(*) from audit_log';
create function other() returns void security definer language sql as 'delete from audit_logs';
revoke execute on function trim_log() from public;
"""
OWN_ROWS = """
alter table audit_log enable row level security;
create policy adds on audit_log for insert with check (true);
create policy reads on audit_log for select using (true);
create policy removes on audit_log for delete using (actor = current_setting('app.actor', true));
grant delete on audit_log to clerk;
"""
FAULTS = [
    (REFUSING, [], ""),
    (REFUSING + PARAMETER, ["audit_log: session_replication_role"], "triggers do not fire"),
    (PART, ["audit_log: audit_old"], "through audit_old"),
    (OWN_ROWS, ["audit_log: DELETE"], "changes rows"),
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
        "create view entries as select number, actor from audit_log; grant update on entries to clerk",
        ["audit_log: entries"],
        "through entries",
    ),
    (VIEW_ON_VIEW, ["audit_log: newest"], "through newest"),
    (PART_OF_PART, ["audit_log: audit_older"], "through audit_older"),
    (CASCADE, ["audit_log: DELETE of things"], "changes rows"),
    (FROM_FAR, ["audit_log: DELETE of customers"], "changes rows"),
    (KEY_MOVES, ["audit_log: UPDATE of things"], "changes rows"),
    (UUID_MOVES, ["audit_log: UPDATE of owners"], "changes rows"),
    (
        WRITER + "grant delete on audit_log to writer; grant writer to clerk with inherit false",
        ["audit_log: SET ROLE writer"],
        "writer can",
    ),
]
GONE = ["audit_log: deleted row", "audit_log: deleted first row", "audit_log: rewritten row"]
COUNTS = """
select number from (select a.*, hashed(a) as right_hash,
                           lag(number, 1, 0::bigint) over (order by number) as before from audit_log a) a
where hash <> right_hash or number <> before + 1 order by number
"""
BLIND = [
    (COUNTS.strip().replace("\n", " "), "", ["audit_log: rewritten row"], "a row was replaced by another"),
    (
        "select broken_entries()",
        LEAVES_OUT,
        ["audit_log.amount"],
        "its amount was changed, and it finds nothing",
    ),
    ("select count(*) >= 0 from audit_log", "", ["audit_log: verify"], "it found none of 12 changes"),
    (
        "select number from audit_log a where hash <> hashed(a)",
        "",
        GONE,
        "a row was deleted, and it finds nothing",
    ),
    (
        "select count(*) = 0 from broken_entries()",
        "",
        ["audit_log: verify"],
        "in 12 of 12 changes it does not: its number was changed, and it returns False",
    ),
    (
        "select number - 1 from broken_entries() number",
        "",
        ["audit_log: verify"],
        "it does not: its thing was changed, and it returns [(1,)]",
    ),
    (
        "select 1 / (select count(*) - 3 from audit_log)",
        "",
        ["audit_log: verify"],
        "it raises psycopg.errors.DivisionByZero",
    ),
    (
        "select 1 from audit_log",
        "",
        ["audit_log: verify"],
        "finds nothing where nothing was changed, it returns [(1,)",
    ),
]
FORKS = [
    (NO_LOCK, ["audit_log: append"], "9 of 10 raised"),
    (NO_LOCK + DROP_KEYS, ["audit_log: fork", "audit_log: order"], "found 1 places"),
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
            admin.execute(ROLES.encode())
        with checked.cluster.connect("audit_template", login="owner") as owner:
            owner.execute(SOUND.encode())
        with checked.cluster.connect("audit_template") as admin:
            admin.execute(change.encode())
        cluster = dataclasses.replace(checked.cluster, app=Credential(app, "secret"))
        ground = dataclasses.replace(checked.ground, template="audit_template", cluster=cluster)
        return checked.check(f"audit.{name}", ground=ground)

    return find


@pytest.mark.parametrize("name", ["append_only", "chain", "concurrent"])
def test_a_sound_trail_passes(look: Look, name: str) -> None:
    verdict = look(name)
    assert verdict.passed, verdict
    changed = ("audit_log: 12 changes of row 2 were tried",)
    assert verdict.notes == (changed if name == "chain" else ())


@pytest.mark.parametrize(("change", "where", "what"), FAULTS)
def test_a_way_to_change_a_trail_is_found(look: Look, change: str, where: list[str], what: str) -> None:
    findings = look("append_only", change).findings
    assert [finding.where for finding in findings] == where, findings
    assert what in str([finding.what for finding in findings])


def test_functions_that_are_not_called_are_named(look: Look) -> None:
    verdict = look("append_only", FUNCTIONS)
    assert verdict.passed, verdict
    (note,) = verdict.notes
    assert note.startswith("audit_log: forget(), remove_old(integer): SECURITY DEFINER")


@pytest.mark.parametrize(
    ("app", "where"),
    [
        ("shop", ["audit_log: UPDATE", "audit_log: DELETE", "audit_log: TRUNCATE", "audit_log: owner"]),
        ("almighty", ["role almighty"]),
    ],
)
def test_an_application_that_may_do_everything(look: Look, app: str, where: list[str]) -> None:
    assert [finding.where for finding in look("append_only", app=app).findings] == where


def test_rows_are_made_where_no_append_is_named(look: Look) -> None:
    silent = "\n".join(line for line in SETTINGS.splitlines() if not line.startswith("append"))
    unseen = "revoke all on audit_log from clerk; grant update (actor) on audit_log to clerk"
    verdict = look("append_only", unseen, settings=silent)
    (finding,) = verdict.findings
    assert finding.what.endswith("changes actor")
    assert verdict.notes == (
        "audit_log: clerk may not INSERT, and no append is named: that it grows was not tried",
    )
    verdict = look("chain", settings=silent)
    assert (verdict.passed, verdict.notes) == (True, ("audit_log: 11 changes of row 2 were tried",))
    assert "no append is named" in str(look("concurrent", settings=silent))


@pytest.mark.parametrize(("verify", "change", "where", "what"), BLIND)
def test_a_verification_that_misses_something(
    look: Look, verify: str, change: str, where: list[str], what: str
) -> None:
    findings = look("chain", change, settings=SETTINGS.replace("select broken_entries()", verify)).findings
    assert [finding.where for finding in findings] == where, findings
    assert what in findings[0].what


@pytest.mark.parametrize(("change", "where", "what"), FORKS)
def test_appends_that_get_in_the_way_of_one_another(
    look: Look, change: str, where: list[str], what: str
) -> None:
    findings = look("concurrent", change).findings
    assert [finding.where for finding in findings] == where, findings
    assert what in str(findings[0])
    assert "lock" in str(findings[0].remedy).partition(";")[0]
