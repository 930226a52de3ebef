"""What somebody with every right may do to one row of a chain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seatrial.checks.audit import functions
from seatrial.checks.audit.entries import by_chain, read_entries, sorting
from seatrial.checks.audit.values import changed_values
from seatrial.postgres.sql import identifier

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import psycopg

    from seatrial.checks.audit.entries import Entry
    from seatrial.checks.audit.functions import Action
    from seatrial.checks.audit.trails import Chain
    from seatrial.checks.making.tables import Column

_ALWAYS = """
select tgname::text from pg_trigger where tgrelid = %s and tgenabled = 'A' and not tgisinternal order by 1
"""
_MOMENTS = ("timestamp", "timestamptz")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One change.

    Attributes:
        where: what it is about, as a finding names it.
        what: what was done, after "a row" or "its".
        actions: what does it.
        blamed: the rows that may be named first; empty where nobody can say which.
        innocent: rows that may not be named.
        column: the column that is changed, if it is one.
        value: what it was changed to, as SQL.
    """

    where: str
    what: str
    actions: Sequence[Action]
    blamed: Sequence[dict[str, str]] = ()
    innocent: Sequence[dict[str, str]] = ()
    column: str = ""
    value: str = ""


class Tampering:
    """Changes of one row, and the way back.

    Args:
        admin: a superuser, who commits every statement.
        chain: the chain.
        entries: all rows; the one in the middle of the longest chain, of three at least, is changed.
    """

    def __init__(self, admin: psycopg.Connection[Any], chain: Chain, entries: Sequence[Entry]) -> None:
        rows = by_chain(entries)[0]
        self._admin = admin
        self._chain = chain
        self._table = chain.trail.table
        self._rows = rows
        self._known = [entry.identities for entry in entries]
        self._row = rows[len(rows) // 2]
        self._next = rows[len(rows) // 2 + 1]
        self._always = [name for (name,) in admin.execute(_ALWAYS.encode(), [self._table.oid])]
        self._columns = [column for column in self._table.columns if not column.is_generated]
        self._kept = f"seatrial.kept_{self._table.oid}"

    @property
    def row(self) -> Entry:
        """The row that is changed."""
        return self._row

    def keep(self) -> None:
        """Remember the table as it is."""
        self._admin.execute(
            f"create schema if not exists seatrial; drop table if exists {self._kept}; "
            f"create table {self._kept} as table {self._table.quoted}".encode()
        )

    def restored(self) -> Action:
        """What puts the table back."""
        names = ", ".join(identifier(column.name) for column in self._columns)
        return self._unhindered(
            f"delete from {self._table.quoted}",  # noqa: S608 - quoted
            f"insert into {self._table.quoted} ({names}) overriding system value "  # noqa: S608
            f"select {names} from {self._kept}",
        )

    def cases(self) -> Iterator[Case | str]:
        """Every change; a line on each column for which there is none."""
        earlier = [entry.identities for entry in self._rows if entry.place < self._row.place]
        for column in self._columns:
            changed = self._changed(column)
            if changed is None:
                yield f"{self._table.name}.{column.name}: no other value could be written"
                continue
            statements, identities, value = changed
            is_link = column in (self._chain.previous, self._chain.hash, self._chain.order, *self._chain.keys)
            yield Case(
                where=f"{self._table.name}.{column.name}",
                what=f"its {column.name} was changed",
                actions=[self._unhindered(*statements)],
                blamed=[self._row.identities, identities, *([self._next.identities] if is_link else [])],
                innocent=earlier,
                column=column.name,
                value=value,
            )
        yield self._deleted(self._row, self._next, "a row was deleted", "deleted row")
        yield self._deleted(self._rows[0], self._rows[1], "the first row was deleted", "deleted first row")
        if self._chain.trail.settings.append:
            yield self._rewritten(self._chain.trail.settings.append)

    def _changed(self, column: Column) -> tuple[list[str], dict[str, str], str] | None:
        """Statements that write another value into a column, how the row is told then, and the value."""
        import psycopg  # noqa: PLC0415 - an extra

        for value in self._others(column):
            statements = [self._removed(self._row), self._copied(self._kept, self._row.place, column, value)]
            try:
                with self._admin.transaction(force_rollback=True):
                    self._admin.execute(self._unhindered(*statements)["text"].encode())
                    now = read_entries(self._admin, self._chain)
                    if not self._differs():
                        continue
            except psycopg.Error:
                continue
            new = (entry.identities for entry in now if entry.identities not in self._known)
            return statements, next(new, self._row.identities), value
        return None

    def _differs(self) -> bool:
        row = self._admin.execute(
            f"select exists (select t::text from {self._table.quoted} t "  # noqa: S608 - quoted
            f"except select k::text from {self._kept} k)".encode()
        ).fetchone()
        return bool(row and row[0])

    def _others(self, column: Column) -> list[str]:
        if column != self._chain.order:
            return changed_values(self._table, column)
        step = "interval '1 second'" if column.base in _MOMENTS else "1"
        # Behind the last one: to be there twice, or to change places with nobody, is no change of order.
        return [f"(select max({identifier(column.name)}) + {step} from {self._kept})"]  # noqa: S608 - quoted

    def _deleted(self, row: Entry, following: Entry, what: str, where: str) -> Case:
        return Case(
            where=f"{self._table.name}: {where}",
            what=what,
            actions=[self._unhindered(self._removed(row))],
            blamed=[row.identities, following.identities],
        )

    def _rewritten(self, append: str) -> Case:
        """A row with other content that is right in itself: only the next one's link tells.

        The application appends it where the row stands, the later ones having been taken away.
        """
        forged = "seatrial.forged"
        table, digest = self._table.quoted, identifier(self._chain.hash.name)
        behind = len([entry for entry in self._rows if entry.place >= self._row.place])
        ends = self._unhindered(
            f"delete from {table} where (tableoid, ctid) in (select tableoid, ctid from {table} "  # noqa: S608
            f"order by {sorting(self._chain)} limit {behind} offset {self._row.place})",
            *self._counted_back(),
        )
        taken = functions.sql(
            f"drop table if exists {forged}; create table {forged} as select * from {table} t "  # noqa: S608
            f"where not exists (select from {self._kept} k where k.{digest} = t.{digest}) limit 1"
        )
        placed = self._unhindered(self._removed(self._row), self._copied(forged, 0))
        return Case(
            where=f"{self._table.name}: rewritten row",
            what="a row was replaced by another with a hash of its own",
            actions=[ends, functions.append(append, [901]), taken, self.restored(), placed],
        )

    def _counted_back(self) -> list[str]:
        """What lets a sequence give the number of the changed row again."""
        order, table = self._chain.order, self._table.quoted
        if not (order.identity or order.has_default) or order.base not in ("int2", "int4", "int8"):
            return []
        name = order.name.replace("'", "''")
        sequence = f"pg_get_serial_sequence('{table.replace(chr(39), chr(39) * 2)}', '{name}')"
        return [f"select setval({sequence}, (select max({identifier(order.name)}) from {table}))"]  # noqa: S608

    def _removed(self, row: Entry) -> str:
        table = self._table.quoted
        return (
            f"delete from {table} where (tableoid, ctid) = (select tableoid, ctid from {table} "  # noqa: S608
            f"order by {sorting(self._chain)} limit 1 offset {row.place})"
        )

    def _copied(self, source: str, place: int, column: Column | None = None, value: str = "") -> str:
        names = ", ".join(identifier(each.name) for each in self._columns)
        values = ", ".join(value if each == column else identifier(each.name) for each in self._columns)
        return (
            f"insert into {self._table.quoted} ({names}) overriding system value "  # noqa: S608 - quoted
            f"select {values} from {source} order by {sorting(self._chain)} limit 1 offset {place}"
        )

    def _unhindered(self, *statements: str) -> Action:
        """Statements that no trigger, rule or foreign key hinders."""
        table = self._table.quoted
        off = [f"alter table {table} disable trigger {identifier(name)}" for name in self._always]
        on = [f"alter table {table} enable always trigger {identifier(name)}" for name in self._always]
        replica = "set local session_replication_role = replica"
        return functions.sql(";\n".join([replica, *off, *statements, *on]))
