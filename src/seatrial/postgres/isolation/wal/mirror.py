"""The mirror: a copy of the baseline that nobody writes, from which every fact about it is taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seatrial.postgres.isolation.wal.catalogue import CatalogueReader
from seatrial.postgres.isolation.wal.relations import read_relations
from seatrial.postgres.isolation.wal.session import Session

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from seatrial.postgres.cluster import Cluster
    from seatrial.postgres.isolation.wal.relations import Relation

_SMALL_ROWS = 500
_SMALL_BYTES = 1 << 20


@dataclass(frozen=True)
class Seed:
    """What the baseline holds in one table."""

    rows: int
    """Counted up to 501."""
    bytes: int

    @property
    def is_small(self) -> bool:
        """Whether putting all rows back is cheaper than looking for those that changed."""
        return self.rows <= _SMALL_ROWS and self.bytes <= _SMALL_BYTES


class Mirror:
    """A session in the mirror, and what was read from it, each fact once."""

    def __init__(self, cluster: Cluster, database: str) -> None:
        self.database = database
        self.session = Session(cluster, database)
        self.files = read_relations(self.session)
        self.relations = {relation.oid: relation for relation in self.files.values()}
        self.catalogues = CatalogueReader(self.session)
        self.unlogged = [
            relation for relation in self.relations.values() if relation.is_unlogged and relation.kind in "rS"
        ]
        (((holds,),),) = self.session.query("select exists (select from pg_largeobject_metadata)")
        self.holds_large_objects = holds == "t"
        self._seeds: dict[int, Seed] = {}
        self._sequences: dict[int, tuple[str, str]] = {}
        self._rows: dict[int, str] = {}

    def seeds(self, tables: Iterable[Relation]) -> dict[int, Seed]:
        """What the baseline holds in these tables."""
        wanted = list(tables)
        unread = [table for table in wanted if table.oid not in self._seeds]
        if unread:
            (rows,) = self.session.query(" union all ".join(_seed(table) for table in unread))
            self._seeds |= {int(str(oid)): Seed(int(str(count)), int(str(size))) for oid, size, count in rows}
        return {table.oid: self._seeds[table.oid] for table in wanted}

    def sequences(self, sequences: Iterable[Relation]) -> dict[int, tuple[str, str]]:
        """The value of each sequence in the baseline, and whether it was given out already."""
        wanted = list(sequences)
        unread = [sequence for sequence in wanted if sequence.oid not in self._sequences]
        if unread:
            (rows,) = self.session.query(
                " union all ".join(
                    f"select {sequence.oid}, last_value, is_called from {sequence.name}"
                    for sequence in unread
                )
            )
            self._sequences |= {int(str(oid)): (str(value), str(called)) for oid, value, called in rows}
        return {sequence.oid: self._sequences[sequence.oid] for sequence in wanted}

    def rows_of(self, table: Relation) -> str:
        """All rows of a small table in their physical order, as the text of an array."""
        if table.oid not in self._rows:
            self._rows[table.oid] = self._array(table, "")
        return self._rows[table.oid]

    def rows_at(self, table: Relation, places: Collection[str]) -> str:
        """The rows at some places (`(block,number)`) in their physical order, as the text of an array."""
        wanted = ",".join(f'"{place}"' for place in places)
        return self._array(table, f"where seatrial_row.ctid = any('{{{wanted}}}'::tid[])")

    def _array(self, table: Relation, where: str) -> str:
        (((text,),),) = self.session.query(
            "select array_agg((seatrial_row.*) order by seatrial_row.ctid)::text "
            f"from only {table.name} seatrial_row {where}"
        )
        return text or "{}"

    def close(self) -> None:
        """End the session."""
        self.session.close()


def _seed(table: Relation) -> str:
    return (
        f"select {table.oid}, pg_table_size({table.oid}), "
        f"(select count(*) from (select from only {table.name} limit {_SMALL_ROWS + 1}) counted)"
    )
