"""The reset in place by itself: what an application and a suite cannot be made to do at will."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import psycopg
import pytest

from seatrial.errors import IsolationError
from seatrial.postgres.cluster import Cluster, Credential
from seatrial.postgres.isolation.triggers import TriggerReset
from tests.integration.external.conftest import SECRET, Berth

SCHEMA = """
create table parent (id int primary key, name text unique, v int default 1);
create table child (id serial primary key, parent int references parent on delete cascade, note text);
create table other (id serial primary key, parent int references parent on delete set null);
create table alone (id int);
insert into parent values (1, 'one'), (2, 'two');
insert into child (parent, note) values (1, 'a'), (2, 'b');
insert into other (parent) values (2);
"""


@pytest.fixture
def cluster(berth: Berth) -> Cluster:
    tenant = Credential("tenant", SECRET)
    admin = {"host": "127.0.0.1", "port": berth.port, "user": "tenant", "password": SECRET, "dbname": "berth"}
    return Cluster(
        kind="external",
        version=0,
        host="127.0.0.1",
        port=int(berth.port),
        admin=admin,
        superuser=False,
        owner=tenant,
        app=tenant,
    )


@pytest.fixture
def reset(cluster: Cluster, berth: Berth) -> Iterator[TriggerReset]:
    def build() -> None:
        berth.execute("drop table if exists parent, child, other, alone, extra cascade", SCHEMA)

    berth.execute(SCHEMA)
    engine = TriggerReset(cluster, database="berth", build=build, note=lambda: None, keep=0)
    engine.open()
    yield engine
    engine.close(drop_databases=False)


def state(berth: Berth) -> dict[str, list[tuple[object, ...]]]:
    names = ("parent", "child", "other", "alone")
    found = {name: sorted(berth.rows(f"select * from {name}"), key=str) for name in names}
    return found | {"next": berth.rows("select last_value, is_called from child_id_seq")}


def restore(reset: TriggerReset) -> int:
    """How often a block in which sessions may end was entered."""
    entered = []

    @contextlib.contextmanager
    def replacing() -> Iterator[None]:
        entered.append(1)
        yield

    reset.restore(replacing)
    return len(entered)


@pytest.mark.parametrize(
    "change",
    [
        "insert into parent values (3, 'three'); insert into child (parent) values (3), (1)",
        "update parent set v = 2 where id = 1",
        "update parent set name = name || 'x'",
        "delete from parent where id = 2",
        "delete from parent; insert into parent values (1, 'two')",
        "insert into parent values (3, 'three'); update child set parent = 3",
        "insert into parent values (3, 'x'); update other set parent = 3; delete from parent where id < 3",
        "update child set note = 'z'; delete from child where id = 1; insert into child (parent) values (1)",
        "insert into alone values (1), (1); truncate other",
    ],
)
def test_changes_are_undone_and_their_marks_too(reset: TriggerReset, berth: Berth, change: str) -> None:
    before = state(berth)
    berth.execute(*change.split(";"))
    assert state(berth) != before
    assert restore(reset) == 0
    assert state(berth) == before
    assert reset.tally.reset == 1
    # Neither what was undone nor how leaves a mark.
    restore(reset)
    assert (reset.tally.reset, reset.tally.untouched, reset.tally.replaced) == (1, 1, 0)


def test_a_transaction_that_failed_is_ended(reset: TriggerReset, berth: Berth) -> None:
    """It holds no lock any more, and whoever gets its connection next could do nothing with it."""
    with psycopg.connect(berth.url) as session:
        with pytest.raises(psycopg.errors.UndefinedTable):
            session.execute("select from nowhere")
        assert restore(reset) == 1
        with pytest.raises(psycopg.OperationalError):
            session.execute("select 1")


@pytest.mark.parametrize(
    "left_open",
    [
        "truncate child restart identity cascade",
        "alter sequence child_id_seq restart",
        "alter table child add column more int",
        "drop table alone",
    ],
)
def test_an_open_transaction_that_locks_everybody_out_is_ended(
    reset: TriggerReset, berth: Berth, left_open: str
) -> None:
    before = state(berth)
    with psycopg.connect(berth.url) as session:
        session.execute(left_open.encode())
        reset.restore(contextlib.nullcontext)
        with pytest.raises(psycopg.OperationalError):
            session.execute("select 1")
    assert state(berth) == before


def test_baselines_nest(reset: TriggerReset, berth: Berth) -> None:
    first = state(berth)
    berth.execute("insert into parent values (3, 'three')", "delete from child")
    reset.push(contextlib.nullcontext)
    second = state(berth)
    berth.execute("update parent set v = 9", "insert into alone values (1)")
    reset.push(contextlib.nullcontext)
    third = state(berth)
    berth.execute("delete from parent", "delete from alone")
    restore(reset)
    assert state(berth) == third
    berth.execute("insert into alone values (7)")
    reset.pop(contextlib.nullcontext)
    assert state(berth) == second
    restore(reset)
    assert reset.tally.untouched == 1
    reset.pop(contextlib.nullcontext)
    assert state(berth) == first


def test_a_rebuild_comes_back_to_the_latest_baseline(reset: TriggerReset, berth: Berth) -> None:
    first = state(berth)
    berth.execute("insert into parent values (3, 'three')", "select nextval('child_id_seq')")
    reset.push(contextlib.nullcontext)
    second = state(berth)
    berth.execute("drop table child", "insert into alone values (1)")
    assert restore(reset) == 1
    assert state(berth) == second
    reset.pop(contextlib.nullcontext)
    assert state(berth) == first


def test_tables_that_no_build_brings_back_are_an_error(reset: TriggerReset, berth: Berth) -> None:
    berth.execute("create table extra (id int)")
    reset.push(contextlib.nullcontext)
    berth.execute("insert into extra values (1)")
    restore(reset)
    assert berth.rows("select * from extra") == []
    berth.execute("drop table alone")
    with pytest.raises(IsolationError, match="application made when it started"):
        restore(reset)


def test_only_a_session_in_a_transaction_is_ended(reset: TriggerReset, berth: Berth) -> None:
    with psycopg.connect(berth.url, autocommit=True) as idle, psycopg.connect(berth.url) as open_one:
        open_one.execute("insert into alone values (1)")
        idle.execute("insert into alone values (2)")
        assert restore(reset) == 1
        assert idle.execute("select count(*) from alone").fetchone() == (0,)
        with pytest.raises(psycopg.OperationalError):
            open_one.execute("select 1")


def test_a_session_that_holds_numbers_in_store_is_ended(reset: TriggerReset, berth: Berth) -> None:
    berth.execute("alter sequence child_id_seq cache 10")
    reset.push(contextlib.nullcontext)
    with psycopg.connect(berth.url, autocommit=True) as idle:
        idle.execute("select nextval('child_id_seq')")
        assert restore(reset) == 1
        with pytest.raises(psycopg.OperationalError):
            idle.execute("select nextval('child_id_seq')")
    assert berth.rows("select nextval('child_id_seq')") == [(3,)]


def test_what_an_application_reads_of_its_own_sequence_stays(reset: TriggerReset, berth: Berth) -> None:
    with psycopg.connect(berth.url, autocommit=True) as connection:
        connection.execute("insert into child (parent) values (1)")
        assert connection.execute("select lastval()").fetchone() == (3,)


def test_writers_do_not_wait_for_each_other(reset: TriggerReset, berth: Berth) -> None:
    with psycopg.connect(berth.url) as first, psycopg.connect(berth.url) as second:
        first.execute("insert into alone values (1)")
        second.execute("set lock_timeout = '2s'")
        second.execute("insert into alone values (2)")
        second.commit()
        assert berth.rows("select * from alone") == [(2,)]
        first.rollback()


def test_writers_that_never_stop_are_undone_when_they_do(reset: TriggerReset, berth: Berth) -> None:
    before = state(berth)
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            with contextlib.suppress(psycopg.Error):
                berth.execute("insert into alone values (1)", "insert into child (parent) values (1)")

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    try:
        for _ in range(20):
            restore(reset)
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    restore(reset)
    assert state(berth) == before


def test_who_is_in_the_way_and_may_not_be_ended_is_named(reset: TriggerReset, berth: Berth) -> None:
    with psycopg.connect(berth.admin_here, application_name="the guard") as guard:
        guard.execute("lock table alone in share mode")
        with pytest.raises(IsolationError, match="could not be ended") as error:
            restore(reset)
    assert "the guard" in error.value.detail


def test_a_role_without_rights_in_our_schema_leaves_marks(reset: TriggerReset, berth: Berth) -> None:
    berth.execute("create role deckhand", admin=True)
    try:
        berth.execute("grant usage on schema public to deckhand", "grant insert on alone to deckhand")
        reset.push(contextlib.nullcontext)
        berth.execute("set role deckhand", "insert into alone values (1)", admin=True)
        restore(reset)
        assert berth.rows("select * from alone") == []
    finally:
        berth.execute("drop owned by deckhand", "drop role deckhand", admin=True)
