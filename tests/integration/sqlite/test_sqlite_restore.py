"""The live file goes back to its baseline, whatever connections are open and whatever was done to it."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import aiosqlite
import pytest
import sqlalchemy

from seatrial.sqlite.isolation import RestoredFile

SCHEMA = """
create table parent (id integer primary key autoincrement, name text unique);
create table child (id integer primary key, parent integer references parent);
create table filler (x text);
insert into parent (name) values ('seeded'), ('too');
"""


class Bench:
    """A live file, its isolation, and how often sessions were told that they end."""

    def __init__(self, folder: Path, mode: str) -> None:
        self.file = folder / "live.db"
        template = folder / "template.db"
        with contextlib.closing(sqlite3.connect(template)) as connection:
            connection.execute(f"pragma journal_mode = {mode}")
            connection.executescript(SCHEMA)
            connection.executemany("insert into filler values (?)", [("y" * 500,)] * 200)
            connection.commit()
        self.isolation = RestoredFile(file=self.file, template=template)
        self.isolation.open()
        self.replaced = 0
        self.open: list[sqlite3.Connection] = []
        self.baseline = self.content()

    @contextlib.contextmanager
    def replacing(self) -> Iterator[None]:
        self.replaced += 1
        yield

    def connect(self, **options: object) -> sqlite3.Connection:
        self.open.append(sqlite3.connect(self.file, **options))  # type: ignore[arg-type,call-overload]
        return self.open[-1]

    def content(self) -> list[str]:
        with contextlib.closing(sqlite3.connect(self.file)) as connection:
            return list(connection.iterdump())

    def restore(self) -> None:
        self.isolation.hand_over()
        self.isolation.restore(self.replacing)
        assert self.isolation.pristine
        assert self.content() == self.baseline

    def close(self) -> None:
        for connection in self.open:
            with contextlib.suppress(sqlite3.Error):
                connection.close()
        self.isolation.close(drop_databases=False)


@pytest.fixture(params=["delete", "wal"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path, request.param)
    yield made
    made.close()


CHANGES = [
    "insert into parent (name) values ('new')",
    "update parent set name = 'changed' where id = 1",
    "delete from parent",
    "delete from sqlite_sequence",
    "create table more (id int); insert into more values (1)",
    "drop table child",
    "alter table parent add column age int",
    "create view v as select 1; create index i on child (parent)",
    "create trigger t after insert on parent begin insert into child values (9, 9); end",
    "pragma user_version = 7; pragma application_id = 3",
    "pragma auto_vacuum = full; vacuum",
    "delete from filler; vacuum",
]


@pytest.mark.parametrize("change", CHANGES)
def test_what_a_test_changed_is_undone_in_place(bench: Bench, change: str) -> None:
    held = bench.connect()
    assert held.execute("select count(*) from parent").fetchall() == [(2,)]
    before = held.execute("pragma user_version").fetchall()
    with contextlib.closing(sqlite3.connect(bench.file, isolation_level=None)) as connection:
        connection.executescript(change)
    bench.restore()
    assert (bench.isolation.tally.reset, bench.replaced) == (1, 0)
    assert held.execute("select name from parent order by id").fetchall() == [("seeded",), ("too",)]
    assert held.execute("pragma user_version").fetchall() == before
    held.execute("insert into parent (name) values ('goes on')")
    held.commit()
    assert held.execute("select max(id) from parent").fetchall() == [(3,)]
    bench.restore()
    assert (bench.isolation.tally.reset, bench.replaced) == (2, 0)


def test_nothing_is_written_where_nothing_changed(bench: Bench) -> None:
    connection = bench.connect()
    for _ in range(3):
        assert connection.execute("select count(*) from parent").fetchall() == [(2,)]
        connection.execute("insert into parent (name) values ('rolled back')")
        connection.rollback()
        bench.restore()
    tally = bench.isolation.tally
    assert (tally.untouched, tally.reset, tally.replaced) == (3, 0, 0)


def test_a_log_that_the_application_asks_for_is_kept(bench: Bench) -> None:
    connection = bench.connect()
    for _ in range(3):
        assert connection.execute("pragma journal_mode = wal").fetchall() == [("wal",)]
        connection.execute("insert into parent (name) values ('new')")
        connection.commit()
        bench.restore()
    assert bench.replaced == 0


def test_baselines_nest(bench: Bench) -> None:
    connection = bench.connect()

    def add(name: str) -> None:
        connection.execute("insert into parent (name) values (?)", [name])
        connection.commit()

    def names() -> list[str]:
        return [name for (name,) in connection.execute("select name from parent order by id").fetchall()]

    def restored() -> list[str]:
        bench.isolation.hand_over()
        bench.isolation.restore(bench.replacing)
        return names()

    add("module's")
    bench.isolation.push(bench.replacing)
    add("class's")
    bench.isolation.push(bench.replacing)
    add("test's")
    assert restored() == ["seeded", "too", "module's", "class's"]
    bench.isolation.pop(bench.replacing)
    assert names() == ["seeded", "too", "module's"]
    add("test's")
    assert restored() == ["seeded", "too", "module's"]
    bench.isolation.pop(bench.replacing)
    assert bench.content() == bench.baseline
    assert bench.replaced == 0


def test_an_engine_of_sqlalchemy_goes_on(bench: Bench) -> None:
    engine = sqlalchemy.create_engine(f"sqlite:///{bench.file}", pool_size=2)
    for _ in range(3):
        with engine.begin() as one, engine.connect() as two:
            count = sqlalchemy.text("select count(*) from parent")
            assert (one.execute(count).scalar(), two.execute(count).scalar()) == (2, 2)
            one.execute(sqlalchemy.text("insert into parent (name) values ('x')"))
        bench.restore()
    engine.dispose()
    assert (bench.isolation.tally.reset, bench.replaced) == (3, 0)


def test_a_connection_of_aiosqlite_goes_on(bench: Bench) -> None:
    async def use() -> None:
        async with aiosqlite.connect(bench.file) as connection:
            for _ in range(3):
                async with connection.execute("select count(*) from parent") as cursor:
                    assert await cursor.fetchall() == [(2,)]
                await connection.execute("insert into parent (name) values ('x')")
                await connection.commit()
                await asyncio.to_thread(bench.restore)

    asyncio.run(use())
    assert (bench.isolation.tally.reset, bench.replaced) == (3, 0)


def left(bench: Bench) -> str:
    bench.isolation.hand_over()
    error = bench.isolation.left_behind()
    return "" if error is None else str(error)


def test_a_transaction_left_open_is_told_and_ended(bench: Bench) -> None:
    connection = bench.connect()
    connection.execute("insert into parent (name) values ('never committed')")
    report = left(bench)
    assert "[sqlite.left-locked]" in report
    assert "a transaction was open; its connection has changed 1 rows" in report
    assert not connection.in_transaction
    assert left(bench) == ""
    bench.restore()
    assert bench.replaced == 0


def test_a_cursor_with_rows_left_is_told_and_read_to_its_end(bench: Bench) -> None:
    cursor = bench.connect().execute("select id, name from parent")
    assert cursor.fetchone() == (1, "seeded")
    bench.connect().execute("begin")  # has no lock yet: nobody is hindered
    assert "a cursor over (id, name) was not read to its end" in left(bench)
    assert left(bench) == ""
    bench.restore()
    assert bench.replaced == 0


def test_a_snapshot_left_open_is_ended(bench: Bench) -> None:
    reader = bench.connect(isolation_level=None)
    reader.execute("begin")
    assert reader.execute("select count(*) from parent").fetchall() == [(2,)]
    writer = bench.connect(timeout=0)
    with contextlib.suppress(sqlite3.OperationalError):  # without a log the reader stops every writer
        writer.execute("insert into parent (name) values ('behind its back')")
        writer.commit()
    writer.rollback()
    assert "a transaction was open" in left(bench)
    bench.restore()
    assert reader.execute("select count(*) from parent").fetchall() == [(2,)]
    assert bench.replaced == 0


def test_a_restore_without_a_look_before_ends_it_too(bench: Bench) -> None:
    connection = bench.connect(check_same_thread=False)
    connection.execute("delete from parent")
    bench.restore()
    assert bench.replaced == 0
    assert not connection.in_transaction


def test_a_connection_that_no_other_thread_may_touch_loses_its_file(bench: Bench) -> None:
    begun, over = threading.Event(), threading.Event()

    def hold() -> None:
        connection = sqlite3.connect(bench.file)
        connection.execute("insert into parent (name) values ('of a thread')")
        begun.set()
        over.wait(60)
        with contextlib.suppress(sqlite3.Error):
            connection.commit()
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    begun.wait(60)
    assert "for another thread" in left(bench)
    bench.restore()
    assert bench.replaced == 1
    assert bench.isolation.tally.reasons == {"a lock that was left": 1}
    over.set()
    thread.join()
    assert bench.content() == bench.baseline


def test_another_process_that_holds_a_lock_does_not_stop_the_run(bench: Bench) -> None:
    code = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); "
        "c.execute('begin immediate'); c.execute('delete from parent'); print('held', flush=True); "
        "sys.stdin.read(); c.execute('commit')"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(bench.file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    assert "by another process" in left(bench)
    bench.restore()
    assert bench.replaced == 1
    holder.communicate(b"", timeout=60)
    assert bench.content() == bench.baseline


def test_another_size_of_pages_under_a_log_needs_a_new_file(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "delete")
    with contextlib.closing(sqlite3.connect(bench.file, isolation_level=None)) as connection:
        connection.executescript("pragma page_size = 16384; vacuum; pragma journal_mode = wal")
    bench.restore()
    assert bench.replaced == 1
    bench.close()


@pytest.mark.parametrize("how", ["deleted", "exchanged"])
def test_a_file_that_is_another_one_is_replaced(bench: Bench, how: str) -> None:
    for suffix in ("", "-wal", "-shm"):
        bench.file.with_name(bench.file.name + suffix).unlink(missing_ok=True)
    if how == "exchanged":
        with contextlib.closing(sqlite3.connect(bench.file)) as connection:
            connection.execute("create table other (id int)")
    bench.restore()
    assert bench.replaced == 1


def test_broken_references_are_told_and_only_new_ones(bench: Bench) -> None:
    connection = bench.connect()
    connection.execute("insert into child values (1, 77)")
    connection.commit()
    report = left(bench)
    assert "[sqlite.foreign-key]" in report
    assert "row 1 of child refers to no row of parent" in report
    bench.isolation.push(bench.replacing)
    assert left(bench) == ""
    connection.execute("insert into child values (2, 78)")
    connection.commit()
    assert "row 2 of child" in left(bench)
    assert "row 1 of child" not in left(bench)
