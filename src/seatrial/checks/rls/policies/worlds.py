"""Who a session may be: values of the settings that policies read."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from seatrial.postgres.sql import identifier

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import psycopg

    from seatrial.checks.making.tables import Table
    from seatrial.checks.rls.policies.rules import Policy

World = dict[str, str]
"""Values by the names of settings."""

_VALUES = 3
_WORLDS = 9


def worlds_of(
    connection: psycopg.Connection[Any], protected: Sequence[tuple[Table, Sequence[Policy]]]
) -> list[World]:
    """Some sessions that differ in what policies read.

    A setting takes the values that are in the columns of the policies that read it, and those it is
    compared with. Without settings (policies by the name of the role, say) there is one session.

    Args:
        connection: sees every row.
        protected: all tables with policies: those of one may ask for rows of another.
    """
    names = sorted({name for _, policies in protected for policy in policies for name in policy.settings})
    choices = [
        list(dict.fromkeys(_choices(connection, name, protected)))[: _VALUES * 2] or [""] for name in names
    ]
    product = itertools.product(*choices)
    return [dict(zip(names, values, strict=True)) for values in itertools.islice(product, _WORLDS)]


def _choices(
    connection: psycopg.Connection[Any], name: str, protected: Sequence[tuple[Table, Sequence[Policy]]]
) -> Iterator[str]:
    reading = [
        (table, policy) for table, policies in protected for policy in policies if name in policy.settings
    ]
    yield from sorted(
        {value for _, policy in reading for setting, value in policy.compared if setting == name}
    )
    # The first value of every column before the second of any: there is room for some only.
    columns = dict.fromkeys((table, column) for table, policy in reading for column in policy.columns)
    for values in itertools.zip_longest(*(_values(connection, *column) for column in columns)):
        yield from (value for value in values if value is not None)


def _values(connection: psycopg.Connection[Any], table: Table, column: str) -> list[str]:
    name = identifier(column)
    rows = connection.execute(
        f"select distinct {name}::text from {table.quoted} where {name} is not null "  # noqa: S608 - quoted
        f"and {name}::text <> '' order by 1 limit {_VALUES}".encode()
    ).fetchall()
    return [str(value) for (value,) in rows]
