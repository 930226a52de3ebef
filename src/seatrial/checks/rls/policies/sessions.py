"""Two sessions on one database: the application's, and one that row-level security does not bind."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seatrial.postgres.sql import identifier

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from seatrial.checks.making.tables import Table
    from seatrial.checks.rls.policies.worlds import World

Outcome = str
"""`done`, `no row`, `refused` by row-level security, `no right` to the command, or what else stopped it."""

_INSUFFICIENT = "42501"
_BY_POLICY = "row-level security"


class Unanswerable(Exception):  # noqa: N818 - no error: a session that cannot be
    """A policy cannot be evaluated in a world: what a setting holds is no value of the type, say."""


@dataclass(frozen=True)
class Sessions:
    """The two sessions.

    Attributes:
        app: connected as the application is.
        admin: sees and changes every row, and no trigger and no foreign key hinders it.
    """

    app: psycopg.Connection[Any]
    admin: psycopg.Connection[Any]

    def enter(self, world: World) -> None:
        """Take the settings of a world in both."""
        for session in (self.app, self.admin):
            for name, value in world.items():
                session.execute("select set_config(%s, %s, false)", [name, value])

    def rows(self, table: Table, condition: str = "true") -> set[str]:
        """The places (ctid) of the rows for which a condition holds, whoever they belong to."""
        return {str(place) for (place,) in self.admin.execute(_places(table, condition).encode())}

    def allowed(self, table: Table, condition: str) -> set[str]:
        """The places of the rows for which a policy's condition holds.

        The application evaluates it, without the policies of this table: what it asks of other tables is
        answered as theirs allow.

        Raises:
            Unanswerable: it cannot be evaluated.
        """
        import psycopg  # noqa: PLC0415 - an extra

        question = _places(table, condition).encode()
        try:
            with self._unprotected(table):
                try:
                    return {str(place) for (place,) in self.app.execute(question)}
                except psycopg.errors.InsufficientPrivilege:
                    return {str(place) for (place,) in self.admin.execute(question)}
        except psycopg.Error as error:
            raise Unanswerable(str(error)) from error

    @contextlib.contextmanager
    def _unprotected(self, table: Table) -> Iterator[None]:
        row = self.admin.execute(
            "select relrowsecurity from pg_class where oid = %s", [table.oid]
        ).fetchone() or (False,)
        if not row[0]:
            yield
            return
        self.admin.execute(f"alter table {table.quoted} disable row level security".encode())
        try:
            yield
        finally:
            self.admin.execute(f"alter table {table.quoted} enable row level security".encode())

    def visible(self, table: Table) -> set[str] | None:
        """The places of the rows that the application sees; None if it may not read the table."""
        import psycopg  # noqa: PLC0415 - an extra

        try:
            rows = self.app.execute(f"select ctid::text from {table.quoted}".encode())  # noqa: S608 - quoted
            return {str(place) for (place,) in rows}
        except psycopg.errors.InsufficientPrivilege:
            return None

    def attempt(self, statement: str, parameters: list[Any]) -> Outcome:
        """What becomes of a statement of the application; it is taken back."""
        import psycopg  # noqa: PLC0415 - an extra

        try:
            with self.app.transaction(force_rollback=True):
                count = self.app.execute(statement.encode(), parameters).rowcount
        except psycopg.Error as error:
            if error.sqlstate != _INSUFFICIENT:
                return str(error).partition("\n")[0]
            return "refused" if _BY_POLICY in str(error) else "no right"
        return "done" if count else "no row"

    @contextlib.contextmanager
    def without(self, table: Table, place: str) -> Iterator[dict[str, Any]]:
        """Take a row away, so that the application may write the same; put it back afterwards."""
        (row,) = self.admin.execute(
            f"select to_jsonb(t) from {table.quoted} t where ctid = %s::tid".encode(),  # noqa: S608 - quoted
            [place],
        ).fetchone() or ({},)
        self.admin.execute(f"delete from {table.quoted} where ctid = %s::tid".encode(), [place])  # noqa: S608
        try:
            yield row
        finally:
            statement, parameters = insert(table, row)
            self.admin.execute(statement.encode(), parameters)


def _places(table: Table, condition: str) -> str:
    return f"select ctid::text from {table.quoted} where {condition}"  # noqa: S608 - of the catalogue


def insert(table: Table, row: dict[str, Any], *, returning: bool = False) -> tuple[str, list[Any]]:
    """The statement that writes a row as it was, and its parameters."""
    import psycopg.types.json  # noqa: PLC0415 - an extra

    columns = [identifier(column.name) for column in table.columns if not column.is_generated]
    names = ", ".join(columns).replace("%", "%%")
    quoted = table.quoted.replace("%", "%%")
    # Only what reads a column of the new row is held against the policies for reading.
    tail = " returning *" if returning else ""
    text = (
        f"insert into {quoted} ({names}) overriding system value "  # noqa: S608 - quoted names
        f"select {names} from jsonb_populate_record(null::{quoted}, %s){tail}"
    )
    return text, [psycopg.types.json.Jsonb(row)]
