"""Rows of somebody else, whatever the policies say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.checks.finding import Finding
from seatrial.checks.rls.policies.probing import change
from seatrial.checks.rls.policies.sessions import insert
from seatrial.postgres.sql import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seatrial.checks.making.tables import Table
    from seatrial.checks.rls.policies.sessions import Sessions
    from seatrial.checks.rls.policies.worlds import World

_TRIED = 2


def strangers(sessions: Sessions, table: Table, worlds: Sequence[World], *, tenant: str) -> Iterator[Finding]:
    """What a session can do with rows whose tenant is none of the values it stands for.

    Args:
        sessions: the two.
        table: has the column.
        worlds: who the application is, one after the other.
        tenant: the column that says whose a row is.
    """
    told: set[str] = set()
    for world in worlds:
        if not world:
            continue
        sessions.enter(world)
        own = ", ".join(map(literal, world.values()))
        others = sessions.rows_where(table, f"{identifier(tenant)}::text not in ({own})")
        for command in _possible(sessions, table, others):
            if command not in told:
                told.add(command)
                yield _finding(table, command, world, tenant)


def _possible(sessions: Sessions, table: Table, others: set[str]) -> Iterator[str]:
    if others & (sessions.visible(table) or set()):
        yield "select"
    for place in sorted(others)[:_TRIED]:
        for command in ("update", "delete"):
            if sessions.attempt(change(table, command), [place]) == "done":
                yield command
        with sessions.without(table, place) as row:
            if sessions.attempt(*insert(table, row)) == "done":
                yield "insert"


def _finding(table: Table, command: str, world: World, tenant: str) -> Finding:
    who = ", ".join(f"{name} = {value!r}" for name, value in world.items())
    return Finding(
        where=f"{table.name}: {command.upper()} of others",
        what=f"expected that a session reaches rows of its own {tenant} only; with {who} it reaches others",
        remedy=f"compare {tenant} in the policies for {command.upper()}; what is open on purpose is "
        "accepted, with a reason",
    )
