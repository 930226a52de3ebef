"""One tested database without pytest around it, and the time of a single restore."""

from __future__ import annotations

import contextlib
import statistics
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg

from bench import harbour
from seatrial.config import DatabaseSettings, Schema
from seatrial.postgres.providers.embedded import EmbeddedProvider
from seatrial.trial.database import TestDatabase

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from seatrial.postgres.providers import Prepared

TWELVE = harbour.SCHEMA.count("create table")
DIRTIED = (
    *("company", "rank", "event", "sailor", "ship", "flag"),
    *("invoice", "voyage", "log_entry", "invoice_line", "sailor_rank", "voyage_flag"),
)
"""All twelve tables; a row may be put into the first so many."""
_COMPANY, _SAILOR, _RANK = (
    "insert into company (slug, name) values ('acme', 'Acme')",
    "insert into sailor (company_id, email) select id, 'a@example.com' from company",
    "insert into rank (name) values ('captain')",
)
_ROWS = {
    "company": _COMPANY,
    "rank": _RANK,
    "event": "insert into event (action) values ('seen')",
    "sailor": _SAILOR,
    "ship": "insert into ship (company_id, name) select id, 'Endeavour' from company",
    "flag": "insert into flag (company_id, name) select id, 'blue' from company",
    "invoice": "insert into invoice (company_id, total) select id, 1 from company",
    "voyage": "insert into voyage (ship_id, destination, state) select id, 'port', 'planned' from ship",
    "log_entry": "insert into log_entry (voyage_id, text) select id, 'hour' from voyage",
    "invoice_line": "insert into invoice_line (invoice_id, amount) select id, 1 from invoice",
    "sailor_rank": "insert into sailor_rank select sailor.id, rank.id from sailor, rank",
    "voyage_flag": "insert into voyage_flag select voyage.id, flag.id from voyage, flag",
}
_SEEDED = """
create table seeded (id bigint generated always as identity primary key, slug text not null unique,
  name text not null, amount int not null);
create index on seeded (name);
create index on seeded (amount);
insert into seeded (slug, name, amount)
  select 'slug ' || n, 'name ' || n, n % 97 from generate_series(1, {rows}) n;
"""
# A table that refers to another was made after it.
_CHILDREN_FIRST = """
select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by oid desc
"""


def dirtying(tables: int) -> tuple[str, ...]:
    """Statements that put one row into each of the first `tables` of the twelve tables."""
    return tuple(_ROWS[name] for name in DIRTIED[:tables])


def writing(rows: int) -> tuple[str, ...]:
    """A statement that writes `rows` rows into one table with two indexes."""
    return (f"insert into event (action) select 'seen ' || n from generate_series(1, {rows}) n",)


def schema(tables: int, seeded: int | None) -> str:
    """SQL of the twelve tables, of further ones, and of a table with `seeded` rows if that is given."""
    further = "".join(
        f"create table further_{number} (id bigint generated always as identity primary key, "
        "company_id bigint not null references company, text text not null);\n"
        f"create index on further_{number} (company_id);\n"
        for number in range(TWELVE, tables)
    )
    return harbour.SCHEMA + further + ("" if seeded is None else _SEEDED.format(rows=seeded))


@dataclass
class Cost:
    """What restores took."""

    milliseconds: list[float] = field(default_factory=list)
    copies: int = 0
    """How many of them put a fresh copy in place."""

    def add(self, other: Cost) -> None:
        """Count further ones."""
        self.milliseconds += other.milliseconds
        self.copies += other.copies

    def text(self) -> str:
        """Median and ninth decile, and whether these were copies."""
        values = sorted(self.milliseconds)
        figures = f"{statistics.median(values):.2f} / {values[len(values) * 9 // 10]:.2f}"
        if self.copies == len(values):
            return f"{figures}, copy"
        return f"{figures}, {self.copies} of {len(values)} a copy" if self.copies else figures


class Bay:
    """A tested database, and one session that stays open from test to test, as an application's pool does.

    Args:
        database: the one that is restored.
    """

    def __init__(self, database: TestDatabase) -> None:
        self._database = database
        self._session: psycopg.Connection[Any] | None = None

    def restored(self, statements: Sequence[str], times: int) -> Cost:
        """Commit `statements` one by one and restore the database, so many times."""
        tally, cost = self._database.tally, Cost()
        assert tally is not None  # the database was opened
        copies = tally.replaced
        for _ in range(times):
            self._database.hand_over()
            self._run(statements)
            began = time.perf_counter()
            self._database.restore(contextlib.nullcontext)
            cost.milliseconds.append((time.perf_counter() - began) * 1000)
        cost.copies = tally.replaced - copies
        return cost

    def emptied(self, statements: Sequence[str], how: str, times: int) -> Cost:
        """The same on a copy of its own, whose tables are all emptied by `truncate` or `delete`."""
        cost = Cost()
        prepared = self._prepared
        with prepared.cluster.connect("postgres") as admin:
            admin.execute(f"create database by_hand template {prepared.template}".encode())
            with prepared.cluster.connect("by_hand") as session:
                emptying = _emptying(session, how)
                for _ in range(times):
                    for statement in statements:
                        session.execute(statement.encode())
                    began = time.perf_counter()
                    session.execute(emptying)
                    cost.milliseconds.append((time.perf_counter() - began) * 1000)
            admin.execute("drop database by_hand with (force)")
        # What was written here is in the log that the next restore reads; no test should pay for it.
        self._database.hand_over()
        self._database.restore(contextlib.nullcontext)
        return cost

    @property
    def _prepared(self) -> Prepared:
        prepared = self._database.prepared
        assert prepared is not None  # the database was opened
        return prepared

    def _run(self, statements: Sequence[str]) -> None:
        """As a test does; where the last restore replaced the database, in a new session."""
        session = self._living_session()
        for statement in statements:
            session.execute(statement.encode())

    def _living_session(self) -> psycopg.Connection[Any]:
        if self._session is not None:
            try:
                self._session.execute("select 1")
            except psycopg.OperationalError:
                self._session.close()
            else:
                return self._session
        self._session = self._prepared.cluster.connect(self._database.name, login="owner")
        return self._session

    def close(self) -> None:
        """Close the session."""
        if self._session is not None:
            self._session.close()


def _emptying(session: psycopg.Connection[Any], how: str) -> bytes:
    tables = [row[0] for row in session.execute(_CHILDREN_FIRST).fetchall()]
    if how == "truncate":
        return f"truncate {', '.join(tables)} restart identity cascade".encode()
    return ";".join(f"delete from {table}" for table in tables).encode()


@contextlib.contextmanager
def open_bay(folder: Path, *, tables: int, seeded: int | None = None) -> Iterator[Bay]:
    """A server of its own with a database of `tables` tables, under the default isolation."""
    folder.mkdir()
    (folder / "schema.sql").write_text(schema(tables, seeded), encoding="utf-8")
    settings = DatabaseSettings(schema=Schema(sql=("schema.sql",)))
    database = TestDatabase(
        settings,
        provider=EmbeddedProvider(settings),
        root=folder,
        env={},
        environment=lambda _: {},
    )
    bay = Bay(database)
    try:
        database.ensure()
        yield bay
    finally:
        bay.close()
        database.close()
