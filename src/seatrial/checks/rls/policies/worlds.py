"""Who a session may be: values of the settings that policies read."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from seatrial.postgres.sql import identifier

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

    from seatrial.checks.making.tables import Table
    from seatrial.checks.rls.policies.rules import Policy

World = dict[str, str]
"""Values by the names of settings."""

_VALUES = 3
_WORLDS = 9


def worlds_of(connection: psycopg.Connection[Any], table: Table, policies: Sequence[Policy]) -> list[World]:
    """Some sessions that differ in what the policies of a table read.

    A setting takes the values that are in the columns the policies read, and those it is compared with.
    Without such settings (policies by the name of the role, say) there is one session.
    """
    names = sorted({name for policy in policies for name in policy.settings})
    columns = sorted({column for policy in policies for column in policy.columns})
    found = [value for column in columns for value in _values(connection, table, column)]
    compared = {pair for policy in policies for pair in policy.compared}
    choices = []
    for name in names:
        own = sorted(value for setting, value in compared if setting == name)
        choices.append(list(dict.fromkeys([*own, *found]))[: _VALUES * max(len(columns), 1)] or [""])
    product = itertools.product(*choices)
    return [dict(zip(names, values, strict=True)) for values in itertools.islice(product, _WORLDS)]


def _values(connection: psycopg.Connection[Any], table: Table, column: str) -> list[str]:
    name = identifier(column)
    rows = connection.execute(
        f"select distinct {name}::text from {table.quoted} where {name} is not null "  # noqa: S608 - quoted
        f"and {name}::text <> '' order by 1 limit {_VALUES}".encode()
    ).fetchall()
    return [str(value) for (value,) in rows]
