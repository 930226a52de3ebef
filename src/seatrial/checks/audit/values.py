"""Other values for a column, the smallest change first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.checks.making.values import candidates
from seatrial.postgres.sql import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seatrial.checks.making.tables import Column, Table

_NUMBERS = ("int2", "int4", "int8", "numeric", "float4", "float8", "oid", "money")
_COUNTED = ("int2", "int4", "int8", "numeric")
_MOMENTS = ("timestamp", "timestamptz", "time", "timetz")


def changed_values(table: Table, column: Column) -> list[str]:
    """Expressions that give another value, as SQL; a constraint may refuse some of them."""
    checks = [key.definition for key in table.constraints if key.kind == "c" and column.number in key.columns]
    # Not the values of the first rows: they may well be there already.
    others = candidates(column, row=99, checks=[*column.checks, *checks])
    literals = [f"{literal(text)}::{column.type}" for text in others]
    return [*_near(column), *literals, *([] if column.required else ["null"])]


def moved_values(table: Table, column: Column) -> list[str]:
    """Expressions that give another value in every row, as for keys; then any other, as SQL."""
    name = identifier(column.name)
    apart = []
    if column.base == "uuid":
        apart = ["gen_random_uuid()"]
    elif column.base in _COUNTED:
        # Far from all others, as a neighbour's number would be taken, and within the type.
        apart = [f"{name} % 1000003 + 2000003", f"{name} % 997 + 2003"]
    return [*apart, *changed_values(table, column)]


def _near(column: Column) -> Iterator[str]:
    name = identifier(column.name)
    if column.base in _NUMBERS:
        yield f"coalesce({name}, '0') + '1'::{column.base}"
    elif column.base in _MOMENTS:
        yield f"coalesce({name}, '2024-01-01 00:00') + interval '1 microsecond'"
    elif column.base == "date":
        yield f"coalesce({name}, '2024-01-01') + 1"
    elif column.base == "bool":
        yield f"not coalesce({name}, false)"
    elif column.base == "bytea":
        yield f"coalesce({name}, '') || '\\x00'::bytea"
    elif column.base in ("json", "jsonb"):
        yield f"({name}::jsonb || '{{\"seatrial\": 1}}')::{column.base}"
    elif column.category == "S":
        yield f"coalesce({name}, '') || 'x'"
        other = f"case right({name}, 1) when 'x' then 'y' else 'x' end"
        yield f"overlay({name} placing {other} from length({name}))"
