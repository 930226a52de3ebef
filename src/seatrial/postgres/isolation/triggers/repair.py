"""Putting tables back to what their copies say, with the rights of their owner and nothing more.

All tables concerned are emptied by one TRUNCATE, which asks neither foreign keys among them nor row triggers
nor rules, and filled by one INSERT for all. The owner cannot switch foreign keys off, and need not.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from seatrial.postgres.isolation.triggers import marks
from seatrial.postgres.isolation.triggers.content import insert_copies, unforced

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import psycopg

    from seatrial.postgres.isolation.triggers.tables import Table

_ENABLE = {"O": "enable", "R": "enable replica", "A": "enable always"}


def refill(connection: psycopg.Connection[Any], tables: Sequence[Table], copies: Mapping[str, str]) -> None:
    """Make tables hold exactly what their copies hold, in one transaction.

    Args:
        connection: of the owner.
        tables: closed under foreign keys and inheritance, see `Relations.closure`.
        copies: where the rows of a table are kept, by its name; a table without a copy becomes empty.
    """
    filled = [table for table in tables if not table.partitioned]
    if not filled:
        return
    with connection.transaction(), quiet(connection, filled), unforced(connection, filled):
        names = ", ".join(table.name for table in filled)
        connection.execute(f"truncate only {names}".encode())
        insert_copies(connection, [(table, copies[table.name]) for table in filled if table.name in copies])
        # Deferred checks that are pending would forbid the ALTER TABLEs that follow.
        connection.execute("set constraints all immediate")
        # Nobody else can write to these tables before the transaction ends.
        marks.clean(connection, tables)


@contextlib.contextmanager
def quiet(connection: psycopg.Connection[Any], tables: Sequence[Table]) -> Iterator[None]:
    """Let no trigger or rule of the user run: it would write elsewhere, or forbid what we do."""
    switches = []
    for table in tables:
        for kind, name, when in table.switches:
            connection.execute(f"alter table {table.name} disable {kind} {name}".encode())
            switches.append(f"alter table {table.name} {_ENABLE[when]} {kind} {name}")
    yield
    for switch in switches:
        connection.execute(switch.encode())


def lock(connection: psycopg.Connection[Any], tables: Sequence[Table]) -> None:
    """Keep every other writer out of the tables until the transaction ends."""
    if tables:
        names = ", ".join(table.name for table in tables)
        connection.execute(f"lock table only {names} in share row exclusive mode".encode())
