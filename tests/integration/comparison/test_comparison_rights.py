"""What a role without rights can compare, what it says of the rest, and what happens when reading fails."""

from __future__ import annotations

import psycopg
import pytest

from seatrial.errors import IsolationError
from seatrial.postgres.isolation.comparison import take


@pytest.fixture
def as_owner(copies, copy):
    """The same copy, as the plain owner of the database."""
    with psycopg.connect(
        host="127.0.0.1",
        port=copies.server.port,
        user="owner_of_all",
        password="open-sesame",
        dbname=copy.info.dbname,
        autocommit=True,
    ) as connection:
        yield connection


CHANGES = [
    ("insert into shop.items (name) values ('ham')", "table shop.items: 3 rows, expected 2"),
    ("select nextval('shop.numbers')", "sequence shop.numbers"),
    ("alter table shop.items add column c int", "catalogue pg_attribute"),
    ("create role passer_by", "roles: "),
    ("select lo_put(4242, 1, 'u')", "content of large objects"),
]


@pytest.mark.parametrize(("statement", "named"), CHANGES)
def test_an_owner_sees_changes(copy, as_owner, statement, named):
    before = take(as_owner)
    copy.execute(statement.encode())
    try:
        assert any(named in line for line in take(as_owner).differences(before))
    finally:
        copy.execute("drop role if exists passer_by")


def test_a_superuser_leaves_nothing_out_but_tables_of_other_servers(copy):
    copy.execute("create foreign data wrapper far")
    copy.execute("create server away foreign data wrapper far")
    copy.execute("create foreign table shop.far (a int) server away")
    assert take(copy).left_out == ("foreign table shop.far: its rows are on another server",)


def test_an_owner_says_what_is_left_out(copy, as_owner):
    before = take(as_owner)
    copy.execute("alter table shop.keyless force row level security")
    copy.execute("create table shop.secret (a int)")
    copy.execute("select lo_create(1)")
    after = take(as_owner)
    hidden = {
        "table shop.keyless: row-level security hides rows from this role",
        "table shop.secret: this role may not read it",
        "1 large objects: they belong to other roles",
    }
    assert set(after.left_out) - set(before.left_out) == hidden
    assert any("for superusers only" in line for line in before.left_out)
    assert {f"not compared: {line}" for line in hidden} <= set(after.differences(before))


def test_changes_of_the_server_can_be_left_to_others(copy):
    before = take(copy, cluster_wide=False)
    copy.execute("create role passer_by")
    try:
        assert take(copy, cluster_wide=False).differences(before) == []
    finally:
        copy.execute("drop role passer_by")


def test_a_lock_is_not_waited_for_without_end(copies, copy, monkeypatch):
    monkeypatch.setattr("seatrial.postgres.isolation.comparison.snapshot._LOCK_TIMEOUT_S", 1)
    with copies.connect(copy.info.dbname) as other, other.transaction():
        other.execute("lock table shop.items in access exclusive mode")
        with pytest.raises(IsolationError, match=r"lock timeout[\s\S]*isolation\.comparison"):
            take(copy)
    assert copy.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
    assert take(copy).differences(copies.baseline) == []


def test_settings_of_the_session_change_nothing(copies, copy):
    for setting in ("datestyle = german", "extra_float_digits = -5", "timezone = 'Asia/Tokyo'"):
        copy.execute(f"set {setting}".encode())
    copy.execute("set search_path = shop")
    assert take(copy).differences(copies.baseline) == []


def test_passwords_do_not_show(copies, copy):
    copy.execute("alter role reader password 'very-secret'")
    (secret,) = copy.execute("select rolpassword from pg_authid where rolname = 'reader'").fetchone()
    try:
        (line,) = take(copy).differences(copies.baseline)
    finally:
        copy.execute("alter role reader password null")
    assert "reader" in line
    assert secret not in line
    assert "SCRAM" not in line
