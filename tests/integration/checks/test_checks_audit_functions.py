"""Functions of a team that append and verify: of every kind, called as the application calls them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from seatrial.checks import Verdict
from seatrial.errors import CheckError, SettingsError
from tests.integration.checks.conftest import Checked

SCHEMA = """
create table entries (seq bigint not null, tenant text not null, actor text not null,
  at timestamptz not null, prev_digest varchar(64) not null, digest varchar(64) not null);
create index on entries (seq);
grant select, insert, update on entries to clerk;
"""
TRAIL = """
import asyncio, hashlib, os, time
from dataclasses import dataclass
from datetime import datetime, timezone
import psycopg
from sqlalchemy import text

MEMORY = asyncio.Lock()
LAST = "select seq, digest from entries order by seq desc limit 1"
INSERT = "insert into entries values (%s, %s, %s, %s, %s, %s)"
LOCK = "select pg_advisory_xact_lock(1)"

def digest(*values):
    return hashlib.sha256("|".join(map(str, values)).encode()).hexdigest()

def row(last, number):
    seq, previous = last or (0, "0" * 64)
    at = datetime.now(timezone.utc)
    content = [seq + 1, "t", f"actor {number}", at]
    return [*content, previous, digest(previous, *content)]

async def by_session(session, number):
    await session.execute(text(LOCK))
    values = row((await session.execute(text(LAST))).tuples().first(), number)
    names = dict(zip("abcdef", values))
    await session.execute(text("insert into entries values (:a, :b, :c, :d, :e, :f)"), names)

async def with_a_lock_in_memory(connection, number):
    async with MEMORY:
        values = row(await connection.fetchrow(LAST), number)
        await connection.execute("insert into entries values ($1, $2, $3, $4, $5, $6)", *values)

def with_the_last_row_locked(connection, number):
    values = row(connection.execute(LAST + " for update").fetchone(), number)
    connection.execute(INSERT, values)

def of_a_tenant(connection, number):
    tenant = "bc"[number % 2]
    connection.execute("select pg_advisory_xact_lock(hashtext(%s))", [tenant])
    last = connection.execute(LAST.replace("order", "where tenant = %s order"), [tenant]).fetchone()
    values = row(last, number)
    digested = digest(values[4], values[0], tenant, *values[2:4])
    connection.execute(INSERT, [values[0], tenant, *values[2:5], digested])

def at_other_moments(connection, number):
    # They would not meet by chance.
    time.sleep(number % 5 * 0.3)
    connection.execute(INSERT, row(connection.execute(LAST).fetchone(), number))

def tried_again(number):
    for _ in range(50):
        try:
            with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
                connection.execute(INSERT, row(connection.execute(LAST).fetchone(), number))
            return
        except psycopg.errors.UniqueViolation:
            continue
    raise TimeoutError

def forgets(number):
    if number % 2:
        with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
            connection.execute(LOCK)
            connection.execute(INSERT, row(connection.execute(LAST).fetchone(), number))

def two_for_one(connection, number):
    if number % 2:
        connection.execute(LOCK)
        connection.execute(INSERT, row(connection.execute(LAST).fetchone(), number))
        with connection.transaction():
            connection.execute(INSERT, row(connection.execute(LAST).fetchone(), number))

def into_a_child(connection, number):
    connection.execute(LOCK)
    values = row(connection.execute(LAST).fetchone(), number)
    connection.execute(INSERT.replace("entries", "entries_new"), values)

def fails(url, number):
    raise ValueError(f"no room for {number} at {url}")

def greedy(place):
    pass

@dataclass
class Broken:
    seq: int
    why: str

async def verify(session):
    broken, before = [], "0" * 64
    for e in await session.execute(text("select * from entries order by tenant, seq")):
        before = before if e.seq > 1 else "0" * 64
        if e.prev_digest != before or e.digest != digest(e.prev_digest, e.seq, e.tenant, e.actor, e.at):
            broken.append(Broken(e.seq, "content or link"))
        before = e.digest
    return broken

def one_by_one(connection):
    before = "0" * 64
    for e in connection.execute("select seq, prev_digest, digest, tenant, actor, at from entries order by 1"):
        if e[1] != before or e[2] != digest(e[1], e[0], *e[3:]):
            yield e
        before = e[2]

async def raises(connection):
    for number, e in enumerate(await connection.fetch("select * from entries order by seq"), 1):
        if e["digest"] != digest(e["prev_digest"], e["seq"], e["tenant"], e["actor"], e["at"]):
            raise AssertionError(f"entry {e['seq']} is not what it was")
"""
SETTINGS = """
[tool.seatrial.database]
schema = { sql = ["schema.sql"] }
[[tool.seatrial.checks.audit]]
table = "entries"
order = "seq"
append = "trail:by_session"
verify = "trail:verify"
"""
KEYS = "alter table entries add primary key (seq), add unique (prev_digest);"
CHILD = "create table entries_new () inherits (entries); grant select, insert on entries_new to clerk;"
GONE = ["entries: deleted row", "entries: deleted first row", "entries: rewritten row"]

Look = Callable[..., Verdict]


@pytest.fixture
def look(checked: Checked) -> Look:
    """The verdict of a check on a trail that the application itself computes."""

    def find(name: str, *replaced: tuple[str, str], change: str = "") -> Verdict:
        settings = SETTINGS
        for old, new in replaced:
            assert old in settings
            settings = settings.replace(old, new)
        checked.project.write({"pyproject.toml": settings, "trail.py": TRAIL})
        with checked.cluster.connect("postgres") as admin:
            admin.execute("drop database if exists entries_template")
            admin.execute("create database entries_template owner shop")
        with checked.cluster.connect("entries_template", login="owner") as owner:
            owner.execute((SCHEMA + change).encode())
        ground = dataclasses.replace(checked.ground, template="entries_template")
        return checked.check(f"audit.{name}", ground=ground)

    return find


def where(verdict: Verdict) -> list[str]:
    return [finding.where for finding in verdict.findings]


@pytest.mark.parametrize("verify", ["trail:verify", "trail:one_by_one"])
def test_a_chain_that_the_application_computes(look: Look, verify: str) -> None:
    verdict = look("chain", ("trail:verify", verify))
    assert verdict.passed, verdict
    assert verdict.notes == ("entries: 9 changes of row 2 were tried",)


def test_a_chain_for_each_tenant(look: Look) -> None:
    settings = [
        ("trail:by_session", "trail:of_a_tenant"),
        ('order = "seq"', 'order = "seq"\nchain = ["tenant"]'),
    ]
    seeds = "".join(
        f"insert into entries values ({seq}, 'b', 'x', '2024-01-01', '{seq - 1 or '0' * 64}', '{seq}');"
        for seq in (1, 2, 3)
    )
    assert look("concurrent", *settings).passed
    (finding,) = look("chain", *settings, change=seeds).findings
    assert "finds nothing where nothing was changed, it returns [Broken(seq=1" in finding.what
    assert where(look("concurrent", settings[0])) == ["entries: fork", "entries: order"]


def test_without_a_superuser(look: Look, checked: Checked) -> None:
    with checked.cluster.connect("postgres") as admin:
        admin.execute("alter role shop createdb")
    owner = {"user": "shop", "password": "secret", "host": "127.0.0.1", "dbname": "postgres"}
    checked.cluster = dataclasses.replace(
        checked.cluster, superuser=False, admin={**checked.cluster.admin, **owner}
    )
    forced = "alter table entries enable row level security, force row level security;"
    policies = "create policy adds on entries for all to clerk using (true) with check (true);"
    verdict = look("append_only", change=forced + policies)
    assert where(verdict) == ["entries: UPDATE"]
    assert look("concurrent").passed
    assert "takes a superuser" in str(look("chain"))


def test_a_verification_that_raises_names_the_row_in_its_message(look: Look) -> None:
    assert where(look("chain", ("trail:verify", "trail:raises"))) == GONE


@pytest.mark.parametrize(
    ("append", "change", "found"),
    [
        ("by_session", "", []),
        ("with_a_lock_in_memory", "", ["entries: fork", "entries: order"]),
        ("with_the_last_row_locked", "", ["entries: fork", "entries: order"]),
        ("at_other_moments", "", ["entries: fork", "entries: order"]),
        ("tried_again", KEYS, []),
        ("with_the_last_row_locked", KEYS, ["entries: append"]),
        ("forgets", "", ["entries: lost"]),
        ("two_for_one", "", ["entries: lost"]),
        ("into_a_child", CHILD, []),
    ],
)
def test_appends_at_once(look: Look, append: str, change: str, found: list[str]) -> None:
    verdict = look("concurrent", ("trail:by_session", f"trail:{append}"), change=change)
    assert where(verdict) == found, verdict


@pytest.mark.parametrize(
    ("name", "replaced", "code", "says"),
    [
        ("append_only", ('"entries"', '"entires"'), "checks.audit-table", "Did you mean 'entries'?"),
        ("chain", ('"seq"', '"sequence"'), "checks.audit-column", "entries has seq, tenant"),
        ("chain", ('order = "seq"\n', ""), "checks.audit-column", 'Write order = "..." there'),
        ("chain", ("trail:verify", "trial:verify"), "checks.audit-callable", "No module named 'trial'"),
        ("append_only", ("trail:by_session", "trail:nobody"), "checks.audit-callable", "'nobody'"),
        ("append_only", ("trail:by_session", "trail:greedy"), "checks.audit-callable", "it wants 'place'"),
        (
            "append_only",
            ("trail:by_session", "trail:LAST"),
            "checks.audit-callable",
            "it is str, no function",
        ),
        ("append_only", ("trail:by_session", "by_session"), "settings.bad-value", "or a statement"),
    ],
)
def test_what_cannot_be(look: Look, name: str, replaced: tuple[str, str], code: str, says: str) -> None:
    with pytest.raises((CheckError, SettingsError)) as refused:
        look(name, replaced)
    assert refused.value.code == code
    assert says in str(refused.value)


def test_an_append_that_raises_is_a_finding_without_the_password(look: Look) -> None:
    (finding,) = look("chain", ("trail:by_session", "trail:fails")).findings
    assert "3 of 3 raised ValueError: no room for 1 at postgresql://clerk:" in finding.what
    assert "secret" not in str(finding)


def test_without_settings_it_says_what_to_write(look: Look) -> None:
    _, _, trail = SETTINGS.partition("[[")
    (finding,) = look("chain", (f"[[{trail}", "")).findings
    assert 'write [tool.seatrial.checks.audit] and table = "' in finding.what
