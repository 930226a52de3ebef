"""The tables that the settings call an audit trail, and which columns of theirs are the chain."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seatrial.checks.finding import Inapplicable
from seatrial.checks.making.tables import read_tables
from seatrial.errors import CheckError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

    from seatrial.checks.ground import Ground
    from seatrial.checks.making.tables import Column, Table
    from seatrial.config.settings import AuditTrail, Settings

_LOOKS_LIKE_ONE = re.compile(r"audit|ledger|journal|event_?log|history", re.IGNORECASE)
_IS_HASH = re.compile(r"hash|digest|checksum|signature|hmac|sha\d", re.IGNORECASE)
_IS_PREVIOUS = re.compile(r"prev|prior|parent|last|before", re.IGNORECASE)
_COUNTS = ("int2", "int4", "int8", "numeric")


@dataclass(frozen=True, kw_only=True)
class Trail:
    """A table to which rows are only ever added.

    Attributes:
        settings: what the team says of it.
        table: the table.
        source: what the settings call it, for messages.
    """

    settings: AuditTrail
    table: Table
    source: str


@dataclass(frozen=True, kw_only=True)
class Chain:
    """How the rows of a trail hang together.

    Attributes:
        trail: the trail.
        order: the column by which rows are ordered.
        previous: holds the hash of the row before.
        hash: holds the hash of the row.
        keys: the columns that say to which of several chains a row belongs.
    """

    trail: Trail
    order: Column
    previous: Column
    hash: Column
    keys: tuple[Column, ...]

    @property
    def is_counted(self) -> bool:
        """Whether the order has no gaps: the application counts, and no sequence, which leaves some."""
        return self.order.base in _COUNTS and not (self.order.has_default or self.order.identity)

    @property
    def identities(self) -> list[str]:
        """The columns each of which tells a row from all others of its chain."""
        alone = [key[0] for key in _unique(self.trail.table) if len(key) == 1]
        names = {column.number: column.name for column in self.trail.table.columns}
        return list(dict.fromkeys([self.order.name, *(names[number] for number in alone)]))


def trails_of(ground: Ground, connection: psycopg.Connection[Any]) -> list[Trail]:
    """The audit trails that the settings name.

    Raises:
        Inapplicable: they name none.
        CheckError: a table is not there.
    """
    named = ground.settings.checks.audit
    tables = {table.name: table for table in read_tables(connection)}
    source = ground.settings.key("checks", "audit")
    if not named:
        raise Inapplicable(_what_to_write(source, tables))
    for trail in named:
        if trail.table not in tables:
            raise _no_table(trail.table, list(tables), ground.settings)
    return [Trail(settings=trail, table=tables[trail.table], source=source) for trail in named]


def chain_of(trail: Trail) -> Chain | None:
    """The columns of a trail's chain; None where it has no hashes.

    Raises:
        CheckError: a column is not there, or it cannot be told which one it is.
    """
    settings, columns = trail.settings, trail.table.columns
    hashes = [column for column in columns if _IS_HASH.search(column.name)]
    earlier = [column for column in hashes if _IS_PREVIOUS.search(column.name)]
    own = [column for column in hashes if column not in earlier]
    previous = _one_of(trail, "previous", settings.previous, earlier)
    digest = _one_of(trail, "hash", settings.hash, [c for c in own if c.name == "hash"] or own)
    if previous is None or digest is None:
        return None
    order, keys = _order(trail)
    keys = tuple(_named(trail, "chain", name) for name in settings.chain) or keys
    return Chain(trail=trail, order=order, previous=previous, hash=digest, keys=keys)


def _one_of(trail: Trail, key: str, name: str | None, candidates: Sequence[Column]) -> Column | None:
    if name is not None:
        return _named(trail, key, name)
    if len(candidates) > 1:
        raise _cannot_tell(trail, key, candidates)
    return candidates[0] if candidates else None


def _order(trail: Trail) -> tuple[Column, tuple[Column, ...]]:
    """The column that orders the rows, and those before it in the key it is a part of."""
    if trail.settings.order is not None:
        order = _named(trail, "order", trail.settings.order)
        return order, _beside(trail.table, order)
    by_number = {column.number: column for column in trail.table.columns}
    for key in _unique(trail.table):
        counting = [by_number[number] for number in key if by_number[number].base in _COUNTS]
        if counting and counting[-1].number == key[-1]:
            return counting[-1], _beside(trail.table, counting[-1])
    counting = [column for column in trail.table.columns if column.identity]
    if len(counting) == 1:
        return counting[0], ()
    raise _cannot_tell(trail, "order", trail.table.columns)


def _beside(table: Table, order: Column) -> tuple[Column, ...]:
    """What stands with the order in its shortest key: a number that counts within a tenant, say."""
    keys = [key for key in _unique(table) if order.number in key]
    if not keys:
        return ()
    return tuple(column for column in table.columns if column.number in keys[0] and column != order)


def _unique(table: Table) -> list[tuple[int, ...]]:
    """The numbers of the columns of each key: the shortest first, the primary one before others."""
    found = sorted(
        (len(key.columns), key.kind != "p", key.columns) for key in table.constraints if key.kind in "pu"
    )
    return [columns for _, _, columns in found]


def _named(trail: Trail, key: str, name: str) -> Column:
    for column in trail.table.columns:
        if column.name == name:
            return column
    names = [column.name for column in trail.table.columns]
    raise CheckError(
        f"{trail.source}: {key} names the column {name!r}, and {trail.table.name} has {', '.join(names)}.",
        code="checks.audit-column",
        remedy=_did_you_mean(name, names),
    )


def _cannot_tell(trail: Trail, key: str, candidates: Sequence[Column]) -> CheckError:
    names = ", ".join(column.name for column in candidates)
    return CheckError(
        f"{trail.source}: which column of {trail.table.name} is the {key!r}? Nothing in the catalogue tells.",
        code="checks.audit-column",
        remedy=f'Write {key} = "..." there: one of {names}.',
    )


def _no_table(name: str, tables: Sequence[str], settings: Settings) -> CheckError:
    return CheckError(
        f"{settings.key('checks', 'audit')}: expected a table {name!r}, found {', '.join(tables) or 'none'}.",
        code="checks.audit-table",
        remedy=_did_you_mean(name, tables),
    )


def _did_you_mean(name: str, names: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, names, n=1)
    return f"Did you mean {near[0]!r}? Correct the name." if near else "Correct the name."


def _what_to_write(source: str, tables: Sequence[str] | dict[str, Table]) -> str:
    near = next((name for name in tables if _LOOKS_LIKE_ONE.search(name)), "audit_log")
    return f'no table is named as an audit trail; write [{source}] and table = "{near}"'
