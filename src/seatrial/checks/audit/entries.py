"""The rows of an audit trail, in their order, and whether each follows the one before."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from seatrial.checks.audit.answers import plain
from seatrial.checks.finding import Finding
from seatrial.postgres.sql import identifier

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import psycopg

    from seatrial.checks.audit.trails import Chain

_SHOWN = 5
"""How many places are listed."""
_LOCK = (
    "take one lock before the last row is read and keep it until the commit (pg_advisory_xact_lock, or "
    "SELECT ... FOR UPDATE of a row that stands for the chain)"
)
_LINK = (
    "number and link rows under one lock; if another column orders them, or there are several chains, name "
    "their columns: order, chain"
)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A row.

    Attributes:
        place: its number among all rows, ordered by chain and order, from 0.
        chain: the values that say to which chain it belongs.
        order: the value of the column that orders.
        previous: the hash of the row before, in hexadecimal digits where it is binary; empty for NULL.
        hash: that of the row.
        identities: the values that tell it from others, by column.
    """

    place: int
    chain: tuple[str, ...]
    order: Any
    previous: str
    hash: str
    identities: dict[str, str]

    def __str__(self) -> str:
        return " ".join([*self.chain, plain(self.order)])


def sorting(chain: Chain) -> str:
    """What follows ORDER BY."""
    return ", ".join(identifier(column.name) for column in (*chain.keys, chain.order))


def read_entries(connection: psycopg.Connection[Any], chain: Chain) -> list[Entry]:
    """All rows, for somebody who sees them all."""
    names = [column.name for column in (*chain.keys, chain.order, chain.previous, chain.hash)]
    columns = ", ".join(map(identifier, [*names, *chain.identities]))
    question = f"select {columns} from {chain.trail.table.quoted} order by {sorting(chain)}"  # noqa: S608 - quoted
    keys = len(chain.keys)
    return [
        Entry(
            place=place,
            chain=tuple(map(plain, row[:keys])),
            order=row[keys],
            previous=_digits(row[keys + 1]),
            hash=_digits(row[keys + 2]),
            identities={
                name: plain(value)
                for name, value in zip(chain.identities, row[keys + 3 :], strict=True)
                if value is not None
            },
        )
        for place, row in enumerate(connection.execute(question.encode()))
    ]


def by_chain(entries: Sequence[Entry]) -> list[list[Entry]]:
    """The rows of each chain, the longest first."""
    chains: dict[tuple[str, ...], list[Entry]] = defaultdict(list)
    for entry in entries:
        chains[entry.chain].append(entry)
    return sorted(chains.values(), key=len, reverse=True)


def broken_links(chain: Chain, entries: Sequence[Entry]) -> Iterator[Finding]:
    """Rows that do not follow the one before; one finding for each kind of break."""
    table, order, previous = chain.trail.table.name, chain.order.name, chain.previous.name
    chains = by_chain(entries)
    pairs = [pair for rows in chains for pair in pairwise(rows)]
    ties = [pair for pair in pairs if pair[0].order == pair[1].order]
    bare = [(entry,) for entry in entries if not entry.hash]
    forks = [fork for rows in chains for fork in _forks(rows)]
    links = [] if forks else [pair for pair in pairs if pair[1].previous != pair[0].hash]
    gaps = [pair for pair in pairs if chain.is_counted and pair[1].order > pair[0].order + 1]
    for what, expected, places, remedy in (
        (f".{chain.hash.name}", f"every row has a {chain.hash.name}", bare, "compute it for every row"),
        (
            ": fork",
            "no two rows follow the same one",
            forks,
            f"{_LOCK}; a unique constraint on {previous} helps",
        ),
        (
            ": order",
            f"no two rows have the same {order}",
            ties,
            "order them by a number: order names its column",
        ),
        (": gap", f"{order} counts without a gap", gaps, "number them under the lock that links them"),
        (": link", f"{previous} is the {chain.hash.name} of the row before", links, _LINK),
    ):
        if places:
            yield Finding(
                where=f"{table}{what}",
                what=f"expected that {expected}, found {len(places)} places where it is otherwise",
                remedy=remedy,
                detail="\n".join(", ".join(map(str, place)) for place in places[:_SHOWN]),
            )


def _forks(rows: Sequence[Entry]) -> list[tuple[Entry, ...]]:
    following: dict[str, list[Entry]] = defaultdict(list)
    for entry in rows:
        following[entry.previous].append(entry)
    return [tuple(found) for found in following.values() if len(found) > 1]


def _digits(value: object) -> str:
    """A hash as text: the same digits whether it is binary or a text that begins with a backslash and x."""
    return "" if value is None else plain(value).lower().removeprefix("\\x")
