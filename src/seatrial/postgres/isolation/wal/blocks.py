"""Repairing a large seeded table by its written blocks only, whatever its size."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seatrial.postgres.sql import literal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from seatrial.postgres.isolation.wal.mirror import Mirror
    from seatrial.postgres.isolation.wal.relations import Relation
    from seatrial.postgres.isolation.wal.session import Row, Session

Place = str
"""Where a row lies, `(block,number)`: the system column `ctid`."""


@dataclass(frozen=True)
class Patch:
    """What makes the written blocks of one table equal the baseline."""

    surplus: tuple[Place, ...]
    """Rows that must go."""
    missing: tuple[Place, ...]
    """Rows of the baseline that must come back, in the order of their places in the mirror."""

    def statements(self, table: Relation, mirror: Mirror) -> Iterator[str]:
        """The statements that do it; the last one, if rows come back, tells where they lie now."""
        if self.surplus:
            places = ",".join(f'"{place}"' for place in self.surplus)
            yield f"delete from only {table.name} where ctid = any('{{{places}}}'::tid[])"
        if self.missing:
            yield insert(table, mirror.rows_at(table, self.missing)) + " returning ctid, xmin"


class MovedRows:
    """Rows of the baseline that lie elsewhere than in the mirror, because they were put back once.

    A row is known by its place and by the transaction that wrote it. That holds as long as its table is
    not rewritten as a whole.
    """

    def __init__(self) -> None:
        self._tables: dict[int, _Moved] = defaultdict(_Moved)

    def note(self, table: Relation, origins: Sequence[Place], returned: Sequence[Row]) -> None:
        """Rows were put back, in this order."""
        for origin, (place, writer) in zip(origins, returned, strict=True):
            self._tables[table.oid].put(origin, str(place), str(writer))

    def patch(self, work: Session, mirror: Mirror, table: Relation, blocks: Collection[int]) -> Patch:
        """Compare the written blocks of a table with what should be in them."""
        present = _rows_in(work, table, blocks)
        expected = self._expected(mirror, table, blocks)
        surplus = [place for place, writer in present.items() if expected.get(place, ("", ""))[0] != writer]
        missing = [origin for place, (writer, origin) in expected.items() if present.get(place) != writer]
        return Patch(tuple(surplus), tuple(sorted(missing, key=_order)))

    def _expected(
        self, mirror: Mirror, table: Relation, blocks: Collection[int]
    ) -> dict[Place, tuple[str, Place]]:
        """Place in the work database -> writer, and place in the mirror."""
        moved = self._tables[table.oid]
        stayed = {
            place: (writer, place)
            for place, writer in _rows_in(mirror.session, table, blocks).items()
            if place not in moved.places
        }
        return stayed | moved.lying_in(blocks)


class _Moved:
    """The moved rows of one table, found by where they were and by the block they are in."""

    def __init__(self) -> None:
        self.places: dict[Place, Place] = {}
        """Place in the mirror -> place in the work database."""
        self._blocks: dict[int, dict[Place, tuple[str, Place]]] = defaultdict(dict)

    def put(self, origin: Place, place: Place, writer: str) -> None:
        if (before := self.places.get(origin)) is not None:
            del self._blocks[_order(before)[0]][before]
        self.places[origin] = place
        self._blocks[_order(place)[0]][place] = (writer, origin)

    def lying_in(self, blocks: Collection[int]) -> dict[Place, tuple[str, Place]]:
        """Place -> writer, and place in the mirror."""
        return {
            place: row
            for block in blocks
            if block in self._blocks
            for place, row in self._blocks[block].items()
        }


def insert(table: Relation, rows: str) -> str:
    """The statement that inserts rows given as the text of an array, as they are."""
    return (
        f"insert into {table.name} ({table.columns}) overriding system value "
        f"select {table.columns} from unnest({literal(rows)}::{table.name}[])"
    )


def _rows_in(session: Session, table: Relation, blocks: Collection[int]) -> dict[Place, str]:
    (rows,) = session.query(
        " union all ".join(
            f"select ctid, xmin from only {table.name} "
            f"where ctid >= '({first},0)' and ctid < '({last + 1},0)'"
            for first, last in _runs(blocks)
        )
    )
    return {str(place): str(writer) for place, writer in rows}


def _runs(blocks: Collection[int]) -> list[tuple[int, int]]:
    """Neighbouring blocks together: first and last of each run."""
    runs: list[tuple[int, int]] = []
    for block in sorted(blocks):
        if runs and runs[-1][1] == block - 1:
            runs[-1] = (runs[-1][0], block)
        else:
            runs.append((block, block))
    return runs


def _order(place: Place) -> tuple[int, int]:
    block, _, number = place[1:-1].partition(",")
    return int(block), int(number)
