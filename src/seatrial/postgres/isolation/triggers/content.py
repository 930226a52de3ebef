"""What tables, sequences and materialised views hold: copied as text, and compared by a number."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seatrial.postgres.isolation.triggers.names import ROWS, SCHEMA
from seatrial.postgres.sql import literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import psycopg

    from seatrial.postgres.isolation.triggers.tables import Relations, Table

_SUM = "concat_ws(' ', count(*), sum(hashtextextended((seatrial_row.*)::text, 0)))"


@dataclass(frozen=True)
class SequenceState:
    """Where a sequence stands."""

    last_value: int
    is_called: bool


@contextlib.contextmanager
def unforced(connection: psycopg.Connection[Any], tables: Iterable[Table]) -> Iterator[None]:
    """Let the owner see and write every row: row-level security that is forced would hide some from us."""
    forced = [table.name for table in tables if table.forced]
    for name in forced:
        connection.execute(f"alter table {name} no force row level security".encode())
    yield
    for name in forced:
        connection.execute(f"alter table {name} force row level security".encode())


def copy_rows(connection: psycopg.Connection[Any], table: Table, *, to: str) -> bool:
    """Keep the rows of a table, as text, in a materialised view; False where there is no row to keep.

    A view of that kind is a table that no comparison of schemas takes for one. That it holds text lets
    tests change or drop the table and its types, as nothing of ours depends on them.
    """
    row = connection.execute(f"select exists (select from only {table.name})".encode()).fetchone()  # noqa: S608
    if not row or not row[0]:
        return False
    connection.execute(
        f"create materialized view {to} as "  # noqa: S608
        f"select * from {ROWS}({literal(table.name)}) as content (line)".encode()
    )
    return True


def copy_name(level: int, table: Table) -> str:
    """The place of a copy."""
    return f"{SCHEMA}.copy_{level}_{table.oid}"


def insert_copies(connection: psycopg.Connection[Any], copies: Sequence[tuple[Table, str]]) -> None:
    """Fill empty tables from their copies, in one statement: foreign keys are checked when it ends."""
    if not copies:
        return
    parts = [
        f"filled_{number} as ({_insert(table, copy)})" for number, (table, copy) in enumerate(copies, start=1)
    ]
    connection.execute(f"with {', '.join(parts)} select".encode())


def _insert(table: Table, copy: str) -> str:
    named = f"({', '.join(table.columns)}) overriding system value" if table.columns else ""
    values = ", ".join(f"(kept.seatrial_row).{column}" for column in table.columns)
    return (
        f"insert into {table.name} {named} select {values} "  # noqa: S608
        f"from (select line::{table.name} as seatrial_row from {copy} offset 0) kept"
    )


def ask_sequences(connection: psycopg.Connection[Any], names: Sequence[str]) -> psycopg.Cursor[Any]:
    """Ask where the sequences stand; `nextval` leaves no trace but this."""
    parts = [f"select {literal(name)}, last_value, is_called from {name}" for name in names]  # noqa: S608
    none = "select null::text, null::int8, null::bool where false"
    return connection.execute(" union all ".join(parts or [none]).encode(), prepare=True)


def sequence_states(connection: psycopg.Connection[Any], names: Sequence[str]) -> dict[str, SequenceState]:
    """Where the sequences stand."""
    rows = ask_sequences(connection, names).fetchall()
    return {name: SequenceState(last, called) for name, last, called in rows}


def set_sequences(connection: psycopg.Connection[Any], states: Mapping[str, SequenceState]) -> None:
    """Put sequences where they were."""
    if states:
        connection.execute(
            "select setval(name::regclass, last, called) "
            "from unnest(%s::text[], %s::int8[], %s::bool[]) state (name, last, called)",
            [
                list(states),
                [state.last_value for state in states.values()],
                [state.is_called for state in states.values()],
            ],
        )


def any_cached(connection: psycopg.Connection[Any], names: Sequence[str]) -> bool:
    """Whether one of the sequences gives sessions several numbers at a time."""
    row = connection.execute(
        "select exists (select from pg_sequence where seqrelid = any(%s::regclass[]) and seqcache > 1)",
        [list(names)],
    ).fetchone()
    return bool(row and row[0])


def view_contents(connection: psycopg.Connection[Any], names: Sequence[str]) -> dict[str, str | None]:
    """A number for the content of each materialised view; None for one that was never filled."""
    contents: dict[str, str | None] = {}
    for name in names:
        row = connection.execute(
            "select relispopulated from pg_class where oid = %s::regclass", [name]
        ).fetchone()
        contents[name] = _sum(connection, name) if row and row[0] else None
    return contents


def content_digest(connection: psycopg.Connection[Any], relations: Relations) -> str:
    """One text for all that tables, sequences and materialised views hold; it reads every row."""
    parts: list[object] = []
    with connection.transaction(force_rollback=True), unforced(connection, relations.tables):
        parts += [
            (table.name, _sum(connection, f"only {table.name}"))
            for table in relations.tables
            if not table.partitioned
        ]
    parts += sorted(
        (name, state.last_value, state.is_called)
        for name, state in sequence_states(connection, relations.sequences).items()
    )
    parts += view_contents(connection, relations.views).items()
    row = connection.execute("select md5(%s)", [repr(parts)]).fetchone()
    return str(row[0]) if row else ""


def _sum(connection: psycopg.Connection[Any], relation: str) -> str:
    row = connection.execute(f"select {_SUM} from {relation} seatrial_row".encode()).fetchone()  # noqa: S608
    return str(row[0]) if row else ""
