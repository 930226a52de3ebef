"""Every way by which rows of an audit trail may be changed or removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.checks.audit.attempts import protections_off
from seatrial.checks.audit.values import changed_values, moved_values
from seatrial.checks.finding import Finding, Note
from seatrial.postgres.sql import identifier

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seatrial.checks.audit.attempts import Attacker, Outcome
    from seatrial.checks.audit.surroundings import Referred, Surroundings
    from seatrial.checks.making.tables import Column

_VALUES = 5
"""How many values are tried for each column: a constraint may refuse the first."""


def ways_round(attacker: Attacker, around: Surroundings, user: str) -> Iterator[Finding | Note]:
    """Try all of them, and say which are open.

    Args:
        attacker: the application's session.
        around: the ways there are.
        user: the application's role.
    """
    yield from _updates(attacker, around, user)
    for command, statement in _removals(attacker.table.quoted).items():
        yield from _said(attacker, command, attacker.attempt(statement), _revoke(attacker, command, user))
    yield from _parts_and_views(attacker, around, user)
    yield from _references(attacker, around)
    yield from _roles(attacker, around, user)
    yield from _ownership(attacker, around, user)
    if around.functions:
        yield Note(
            f"{attacker.table.name}: {', '.join(around.functions)}: SECURITY DEFINER, may be executed by "
            f"{user} and may change rows; not called: read what each of them does"
        )


def _removals(name: str) -> dict[str, str]:
    return {"DELETE": f"delete from {name}", "TRUNCATE": f"truncate {name} cascade"}  # noqa: S608 - quoted


def _revoke(attacker: Attacker, command: str, user: str) -> str:
    return (
        f"let a migration grant {user} SELECT and INSERT on {attacker.table.name}, and {command} neither to "
        "it nor to PUBLIC; where migrations grant nothing, seatrial grants everything"
    )


def _said(attacker: Attacker, command: str, outcome: Outcome, remedy: str) -> Iterator[Finding | Note]:
    """What is to be said of the outcome of a command."""
    where = f"{attacker.table.name}: {command}"
    if outcome == "changed":
        yield Finding(
            where=where,
            what="expected that the application is refused, found that it changes rows",
            remedy=remedy,
        )
    elif outcome == "ignored":
        yield Note(f"{where}: not refused; nothing came of it")
    elif outcome == "stopped":
        yield Note(f"{where}: not refused; another constraint was in its way")


def _updates(attacker: Attacker, around: Surroundings, user: str) -> Iterator[Finding | Note]:
    """UPDATE of each column that its rights allow."""
    outcomes = {
        column.name: _update(attacker, column, target=attacker.table.quoted)
        for column in attacker.table.columns
        if column.name in around.updatable and not column.is_generated
    }
    done = [name for name, outcome in outcomes.items() if outcome == "changed"]
    if done:
        yield Finding(
            where=f"{attacker.table.name}: UPDATE",
            what=f"expected that the application is refused, found that it changes {', '.join(done)}",
            remedy=_revoke(attacker, "UPDATE", user),
        )
        return
    for outcome in ("stopped", "ignored"):
        if outcome in outcomes.values():
            yield from _said(attacker, "UPDATE", outcome, "")
            return


def _update(attacker: Attacker, column: Column, *before: str, target: str) -> Outcome:
    """What becomes of an UPDATE of a column, in the way that goes furthest."""
    return _set(attacker, column, changed_values(attacker.table, column), *before, target=target)


def _set(attacker: Attacker, column: Column, values: Sequence[str], *before: str, target: str) -> Outcome:
    """What becomes of setting a column to the first of values, in the way that goes furthest."""
    outcomes: list[Outcome] = []
    for value in values[:_VALUES]:
        statement = f"update {target} set {identifier(column.name)} = {value}"  # noqa: S608 - quoted
        outcomes.append(attacker.attempt(*before, statement))
        if outcomes[-1] == "changed":
            break
    order: tuple[Outcome, ...] = ("changed", "stopped", "ignored", "refused")
    return next(outcome for outcome in order if outcome in outcomes)


def _parts_and_views(attacker: Attacker, around: Surroundings, user: str) -> Iterator[Finding | Note]:
    """Partitions and views have rights of their own."""
    parts = [(part, attacker.table.columns) for part in around.parts]
    views = [
        (view, [column for column in attacker.table.columns if column.name in names])
        for view, names in around.views
    ]
    for name, columns in [*parts, *views]:
        if _changed(attacker, name, columns):
            yield Finding(
                where=f"{attacker.table.name}: {name}",
                what=f"expected that the application is refused, found that it changes rows through {name}",
                remedy=f"REVOKE UPDATE, DELETE, TRUNCATE ON {name} FROM {user}: partitions and "
                "views have rights of their own",
            )


def _changed(attacker: Attacker, name: str, columns: Sequence[Column], *before: str) -> bool:
    """Whether any command changes rows through a relation."""
    return any(attacker.attempt(*before, way) == "changed" for way in _removals(name).values()) or any(
        _update(attacker, column, *before, target=name) == "changed"
        for column in columns
        if not column.is_generated
    )


def _references(attacker: Attacker, around: Surroundings) -> Iterator[Finding | Note]:
    """Rows that are removed, or changed, with those they refer to: a cascade asks for no right."""
    for referred in around.referred:
        name = referred.quoted
        outcome = attacker.attempt(f"delete from {name}")  # noqa: S608 - as the catalogue quotes it
        remedy = f"let the foreign key to {name}, or one on the way there, be ON DELETE RESTRICT"
        yield from _said(attacker, f"DELETE of {name}", outcome, remedy)
        yield from _moved_keys(attacker, referred)


def _moved_keys(attacker: Attacker, referred: Referred) -> Iterator[Finding | Note]:
    """UPDATE of the keys by which rows are referred to: the first column that says most."""
    if referred.table is None:
        return
    name = referred.quoted
    outcomes = [
        _set(attacker, column, moved_values(referred.table, column), target=name)
        for column in referred.keys
        if not column.is_generated
    ]
    order: tuple[Outcome, ...] = ("changed", "stopped", "ignored")
    for outcome in order:
        if outcome in outcomes:
            remedy = f"let the foreign key to {name}, or one on the way there, be ON UPDATE RESTRICT"
            yield from _said(attacker, f"UPDATE of {name}", outcome, remedy)
            return


def _roles(attacker: Attacker, around: Surroundings, user: str) -> Iterator[Finding | Note]:
    """What the application may do as somebody else, if it takes another role."""
    for role in around.roles:
        become = f"set local role {identifier(role)}"
        owner = [become, *_as_owner(attacker, around)]
        if (
            _changed(attacker, attacker.table.quoted, attacker.table.columns, become)
            or attacker.attempt(*owner) == "changed"
        ):
            yield Finding(
                where=f"{attacker.table.name}: SET ROLE {role}",
                what=f"expected that no role which {user} may take can change rows, found that {role} can",
                remedy=f"REVOKE {role} FROM {user}",
            )


def _ownership(attacker: Attacker, around: Surroundings, user: str) -> Iterator[Finding | Note]:
    """What only those can do to whom the table, or its schema, belongs."""
    name = attacker.table.name
    if attacker.attempt(*_as_owner(attacker, around)) == "changed":
        yield Finding(
            where=f"{name}: owner",
            what=f"expected that {user} does not own it (owner: {around.owner}), found that it switches "
            "triggers and policies off, grants itself rights, and removes rows",
            remedy="let migrations run as another role: app_role under [tool.seatrial.database]",
        )
        return
    if attacker.attempt(f"drop table {attacker.table.quoted} cascade") == "changed":
        yield Finding(
            where=f"{name}: DROP",
            what=f"expected that {user} cannot drop it, found that it can: it owns the schema",
            remedy=f"ALTER SCHEMA ... OWNER TO a role that {user} is not a member of",
        )
    delete = _removals(attacker.table.quoted)["DELETE"]
    as_replica = attacker.attempt("set local session_replication_role = replica", delete)
    if as_replica == "changed" and attacker.attempt(delete) != "changed":
        yield Finding(
            where=f"{name}: session_replication_role",
            what=f"expected that {user} cannot set it, found that it does, and triggers do not fire",
            remedy=f"REVOKE SET ON PARAMETER session_replication_role FROM {user}; ENABLE ALWAYS TRIGGER",
        )
    if around.may_trigger:
        yield Finding(
            where=f"{name}: TRIGGER",
            what=f"expected that {user} may put no trigger on it, found that it may: one can leave rows out",
            remedy=f"REVOKE TRIGGER ON {name} FROM {user}",
        )


def _as_owner(attacker: Attacker, around: Surroundings) -> list[str]:
    return protections_off(attacker.table, around.rules, _removals(attacker.table.quoted)["DELETE"])
