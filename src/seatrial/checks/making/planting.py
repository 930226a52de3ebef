"""Making rows out of nothing but the catalogue, as the constraints allow."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from seatrial.checks.making.values import candidates
from seatrial.postgres.sql import identifier

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    import psycopg

    from seatrial.checks.making.tables import Column, Constraint, Table

_ROWS = 3
_SPARSE = 1
"""The number of the row that has as little as it takes."""
_ATTEMPTS = 80


def plant(
    connection: psycopg.Connection[Any], tables: Sequence[Table], *, only: Collection[str]
) -> dict[str, str]:
    """Make three rows in each table: two with every column filled, one with as little as it takes.

    Args:
        connection: commits every statement.
        tables: all of them.
        only: the names of those that are to get rows.

    Returns:
        The tables for which not one row could be made, and why.
    """
    by_oid = {table.oid: table for table in tables}
    failed = {}
    for table in parents_first(tables):
        if table.name in only:
            whys = [Sower(connection, table, by_oid, row=row).sow() for row in range(_ROWS)]
            if all(whys):
                failed[table.name] = whys[0]
    return failed


def parents_first(tables: Sequence[Table]) -> list[Table]:
    """Tables after those they refer to; where they refer to one another, as they come."""
    left = {table.oid: table for table in tables}
    ordered = []
    while left:
        ready = [table for table in left.values() if not _refers_to(table, left)]
        chosen = ready or [min(left.values(), key=lambda table: table.name)]
        ordered += [left.pop(table.oid) for table in chosen]
    return ordered


def _refers_to(table: Table, others: Collection[int]) -> bool:
    return any(key.refers_to in others and key.refers_to != table.oid for key in keys_of(table))


def keys_of(table: Table) -> list[Constraint]:
    """Its foreign keys."""
    return [constraint for constraint in table.constraints if constraint.kind == "f"]


@dataclass
class Sower:
    """Makes one row: tries values, and others in the columns whose constraint said no."""

    connection: psycopg.Connection[Any]
    table: Table
    by_oid: dict[int, Table]
    row: int = field(kw_only=True)
    _guess: int | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._values = {column.number: self._candidates(column) for column in self.table.columns}
        self._filled = self.row != _SPARSE
        self._start_over()

    def sow(self) -> str:
        """Insert it; why that is impossible, or nothing."""
        import psycopg  # noqa: PLC0415 - an extra

        why = ""
        for _ in range(_ATTEMPTS):
            try:
                with self.connection.transaction():
                    self._insert()
                    self.connection.execute("set constraints all immediate")
            except psycopg.Error as error:
                why = str(error).partition("\n")[0]
                if not self._try_others(error):
                    return why
            else:
                return ""
        return why

    def _candidates(self, column: Column) -> list[str]:
        return candidates(column, row=self.row, checks=self._checks_of(column))

    def _checks_of(self, column: Column) -> list[str]:
        checks = [
            constraint.definition
            for constraint in self.table.constraints
            if constraint.kind == "c" and column.number in constraint.columns
        ]
        return [*column.checks, *checks]

    def _insert(self) -> None:
        referring = self._references()
        names, values, parameters = [], [], []
        for column in self.table.columns:
            if column.number in referring:
                names.append(identifier(column.name))
                values.append(referring[column.number])
            elif self._is_given(column):
                names.append(identifier(column.name))
                values.append(f"cast(%s as {column.type.replace('%', '%%')})")
                parameters.append(self._values[column.number][self._tried[column.number]])
        into = f"insert into {self.table.quoted}".replace("%", "%%")
        columns = ", ".join(names).replace("%", "%%")
        what = f"({columns}) values ({', '.join(values)})" if names else "default values"
        self.connection.execute(f"{into} {what}".encode(), parameters)

    def _is_given(self, column: Column) -> bool:
        if column.is_generated or column.identity == "a" or not self._values[column.number]:
            return False
        if column.has_default or column.identity:
            # A default may come from a sequence that would reach an explicit value later.
            return self._filled and not self._is_unique(column)
        return self._filled or column.required

    def _is_unique(self, column: Column) -> bool:
        return any(
            column.number in constraint.columns
            for constraint in self.table.constraints
            if constraint.kind in "pux"
        )

    def _references(self) -> dict[int, str]:
        """For columns of foreign keys: how to read the value in the row they refer to."""
        found: dict[int, str] = {}
        by_number = {column.number: column for column in self.table.columns}
        for key in keys_of(self.table):
            optional = not any(by_number[number].required for number in key.columns)
            if (
                key.refers_to == self.table.oid
                or key.refers_to not in self.by_oid
                or (optional and not self._filled)
            ):
                if optional:
                    found |= dict.fromkeys(key.columns, "null")
                continue
            for number, name in zip(key.columns, key.referred, strict=True):
                found.setdefault(number, self._picked(key, name).replace("%", "%%"))
        return found

    def _picked(self, key: Constraint, name: str) -> str:
        """How to read a column of the row that a foreign key is to refer to, as SQL."""
        order = ", ".join(identifier(name) for name in key.referred)
        source = self.by_oid[key.refers_to].quoted
        # The row of the same number, where there are so many.
        which = f"(select {self.row} % greatest(count(*), 1) from {source})"  # noqa: S608 - quoted names
        return f"(select {identifier(name)} from {source} order by {order} limit 1 offset {which})"  # noqa: S608

    def _try_others(self, error: psycopg.Error) -> bool:
        """Another value for a column that may be to blame; False if none is left."""
        for number in self._to_blame(error):
            if self._tried[number] + 1 < len(self._values[number]):
                self._tried[number] += 1
                return True
            self._tried[number] = 0
        return self._try_one_column() or self._try_less()

    def _try_one_column(self) -> bool:
        """The next value of one column, those of the others as they are: nobody says whose it is."""
        if self._guess is not None:
            self._tried[self._guess] = 0
        self._guess, value = next(self._guesses, (None, 0))
        if self._guess is None:
            return False
        self._tried[self._guess] = value
        return True

    def _try_less(self) -> bool:
        """Required columns only: a trigger or rule may be about one of the others."""
        if not self._filled:
            return False
        self._filled = False
        self._start_over()
        return True

    def _start_over(self) -> None:
        self._tried = dict.fromkeys(self._values, 0)
        self._guess = None
        self._guesses: Iterator[tuple[int | None, int]] = (
            (column.number, value)
            for column in self.table.columns
            if self._is_given(column)
            for value in range(1, len(self._values[column.number]))
        )

    def _to_blame(self, error: psycopg.Error) -> Sequence[int]:
        """The columns of the constraint, domain or name in an error; none if it does not say."""
        said = error.diag
        if said.datatype_name:
            return [
                column.number for column in self.table.columns if column.type.endswith(said.datatype_name)
            ]
        if said.column_name:
            return [column.number for column in self.table.columns if column.name == said.column_name]
        own = (constraint for constraint in self.table.constraints if constraint.name == said.constraint_name)
        return next((constraint.columns for constraint in own), ())
