"""As many rows as wanted in every table, ordinary ones, and such that one identity may see them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from seatrial.checks.making.plain import plain_candidates
from seatrial.checks.making.planting import Sower, keys_of, parents_first
from seatrial.postgres.sql import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import psycopg

    from seatrial.checks.making.tables import Column, Constraint, Table


def crowd(
    connection: psycopg.Connection[Any], tables: Sequence[Table], *, rows: int, known: Mapping[str, str]
) -> dict[str, str]:
    """Make rows in each table: one for each row of the tables it refers to, and all of them for the first.

    So a list of many finds one row below each, and a single one finds many below it.

    Args:
        connection: commits every statement, and is stopped by no policy.
        tables: all of them.
        rows: how many in a table that refers to none; others get that many, and as many again for each
            foreign key.
        known: what is known of the identity, by the names that columns have for it: `tenant_id`.

    Returns:
        The tables for which not one row could be made, and why.
    """
    by_oid = {table.oid: table for table in tables}
    failed = {}
    for table in parents_first(tables):
        whys = [
            _PlainSower(connection, table, by_oid, row=row, known=known, gathered=gathered).sow()
            for gathered, row in _wanted(table, rows, known, by_oid)
        ]
        if all(whys):
            failed[table.name] = whys[0]
    return failed


def known_in(table: Table, known: Mapping[str, str]) -> dict[str, str]:
    """The columns of a table that say whose a row is -> what they are to say."""
    found = {}
    for column in table.columns:
        name, longer = column.name.lower(), f"{singular(table.relation)}_{column.name}".lower()
        for key, value in known.items():
            if key in (name, longer) or ("_" in key and name.endswith(f"_{key}")):
                found[column.name] = value
    return found


def _wanted(
    table: Table, rows: int, known: Mapping[str, str], by_oid: Mapping[int, Table]
) -> list[tuple[Constraint | None, int]]:
    """The foreign key whose rows gather below the first parent, and the number of the row."""
    wanted: list[tuple[Constraint | None, int]] = [(None, row) for row in range(rows)]
    for place, key in enumerate(keys_of(table), 1):
        parent = by_oid.get(key.refers_to, table)
        # Below the identity's own row they all are already.
        if parent is not table and not _own_row(parent, known_in(parent, known)):
            wanted += [(key, place * rows + row) for row in range(1, rows)]
    return wanted


def singular(name: str) -> str:
    """What one of them is called: `orders` are each an `order`."""
    for end, instead in (("ies", "y"), ("sses", "ss"), ("s", "")):
        if name.endswith(end) and not name.endswith("ss"):
            return name.removesuffix(end) + instead
    return name


@dataclass
class _PlainSower(Sower):
    """Fills what has to be filled, and what says whose the row is."""

    known: Mapping[str, str] = field(kw_only=True)
    gathered: Constraint | None = field(kw_only=True)

    def __post_init__(self) -> None:
        self._own = known_in(self.table, self.known)
        super().__post_init__()
        self._filled = True

    def _candidates(self, column: Column) -> list[str]:
        others = plain_candidates(column, row=self.row, checks=self._checks_of(column))
        own = self._own.get(column.name)
        return others if own is None else list(dict.fromkeys([own, *others]))

    def _is_given(self, column: Column) -> bool:
        if column.is_generated or column.identity == "a" or not self._values[column.number]:
            return False
        if column.name in self._own and self._filled:
            return True
        return column.required and not column.has_default and not column.identity

    def _to_blame(self, error: psycopg.Error) -> Sequence[int]:
        """Not what a foreign key fills; what says whose the row is comes last."""
        filled = {number for key in keys_of(self.table) for number in key.columns}
        own = {column.number for column in self.table.columns if column.name in self._own}
        return sorted((n for n in super()._to_blame(error) if n not in filled), key=lambda n: n in own)

    def _picked(self, key: Constraint, name: str) -> str:
        parent = self.by_oid[key.refers_to]
        own = known_in(parent, self.known)
        # Else all rows of its tenant: those of others are no parents of its rows.
        where = " and ".join(
            f"{identifier(column)}::text = {literal(value)}"
            for column, value in (_own_row(parent, own) or own).items()
        )
        source = f"{parent.quoted} where {where or 'true'}"
        order = ", ".join(identifier(name) for name in key.referred)
        row = 0 if key is self.gathered else self.row
        which = f"(select {row} % greatest(count(*), 1) from {source})"  # noqa: S608 - quoted names
        return f"(select {identifier(name)} from {source} order by {order} limit 1 offset {which})"  # noqa: S608


def _own_row(table: Table, own: Mapping[str, str]) -> dict[str, str]:
    """What tells the identity's own row (its user, its tenant) from all others; nothing if there is none."""
    names = {column.number: column.name for column in table.columns}
    for constraint in table.constraints:
        columns = {names[number] for number in constraint.columns}
        if constraint.kind in "pu" and columns and columns <= own.keys():
            return {name: own[name] for name in columns}
    return {}
