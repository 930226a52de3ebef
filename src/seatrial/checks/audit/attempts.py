"""Trying, as the application, to change what is there; every attempt is taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from seatrial.postgres.sql import identifier

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

    from seatrial.checks.making.tables import Table
    from seatrial.checks.rls.policies.worlds import World

Outcome = Literal["changed", "ignored", "refused", "stopped"]
"""Rows were changed; nothing came of it; it was refused; or a constraint on values was in its way."""

_OF_VALUES = ("22", "23", "0A")
"""Classes of errors that are no protection: another value, another moment, and it can be done."""


@dataclass(frozen=True)
class Attacker:
    """The application's session, and a look at the whole table that it has no right to.

    Attributes:
        app: connected as the application is.
        table: what it tries to change.
        worlds: what sessions of the application may have set, for policies.
    """

    app: psycopg.Connection[Any]
    table: Table
    worlds: Sequence[World]

    @classmethod
    def prepared(
        cls,
        app: psycopg.Connection[Any],
        admin: psycopg.Connection[Any],
        table: Table,
        worlds: Sequence[World],
    ) -> Attacker:
        """Make the function that looks: it runs as the administrator, whoever calls it."""
        admin.execute(_look(table).encode())
        return cls(app, table, worlds or [{}])

    def attempt(self, *statements: str) -> Outcome:
        """What becomes of statements, in the session in which most does."""
        outcomes = [self._attempt_in(world, statements) for world in self.worlds]
        order: tuple[Outcome, ...] = ("changed", "stopped", "ignored", "refused")
        return next(outcome for outcome in order if outcome in outcomes)

    def _attempt_in(self, world: World, statements: Sequence[str]) -> Outcome:
        import psycopg  # noqa: PLC0415 - an extra

        done = False
        try:
            with self.app.transaction(force_rollback=True):
                for name, value in world.items():
                    self.app.execute("select set_config(%s, %s, true)", [name, value])
                before = self._content()
                for statement in statements:
                    self.app.execute(statement.encode())
                done = True
                return "ignored" if self._content() == before else "changed"
        except psycopg.Error as error:
            # The look itself fails where the table is gone.
            return "changed" if done else _judged(error)

    def _content(self) -> object:
        return self.app.execute(f"select seatrial.content_{self.table.oid}()".encode()).fetchone()


def _look(table: Table) -> str:
    content = f"select md5(coalesce(string_agg(t::text, ' ' order by t::text), '')) from {table.quoted} t"  # noqa: S608 - quoted
    return f"""
create schema if not exists seatrial;
grant usage on schema seatrial to public;
create or replace function seatrial.content_{table.oid}() returns text volatile security definer
  language sql as {_dollars(content)};
"""


def _dollars(text: str) -> str:
    return f"$seatrial${text}$seatrial$"


def _judged(error: psycopg.Error) -> Outcome:
    raised = "at RAISE" in (error.diag.context or "")
    of_values = (error.sqlstate or "").startswith(_OF_VALUES)
    return "stopped" if of_values and not raised else "refused"


def protections_off(table: Table, rules: Sequence[str], command: str) -> list[str]:
    """What an owner does to get round everything: triggers, policies, rules and missing rights."""
    name = table.quoted
    return [
        f"alter table {name} disable trigger user",
        f"alter table {name} disable row level security",
        *(f"alter table {name} disable rule {identifier(rule)}" for rule in rules),
        f"grant delete on {name} to current_user",
        command,
    ]
