# ruff: noqa: S608 - labels are quoted, the rest is ours
"""What a source of a snapshot is: a query whose rows are compared as a multiset of texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seatrial.postgres.sql import literal

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, kw_only=True)
class Source:
    """One thing to compare: a table, a catalogue, the roles of the server.

    Args:
        label: what it is called in a difference, `table shop.items`.
        relation: the relation to read, with ONLY where heirs are compared by themselves.
        line: an expression over the alias `r`: one row as text, exactly.
        what: an expression over `r`: the object that a row of a catalogue belongs to.
        where: which rows count.
        content: whether it is rows of the database, and not definitions.
        kept: whether a snapshot keeps the lines themselves. For what is small, or has no second copy.
    """

    label: str
    relation: str
    line: str = "(r.*)::text"
    what: str = "null"
    where: str = "true"
    content: bool = False
    kept: bool = False

    def digest(self) -> str:
        """The query for label, number of rows, a digest that knows no order, and the lines if kept.

        The digest is a sum: equal rows do not cancel each other out, as they would with an exclusive or.
        """
        lines = "array_agg(q.line order by q.line)" if self.kept else "null::text[]"
        return (
            f"select {literal(self.label)}::text, count(*), "
            f"coalesce(sum(pg_catalog.hashtextextended(q.line, 0)), 0)::text, {lines} "
            f"from (select {self.line} as line from {self.relation} as r where {self.where}) as q"
        )

    def rows(self, *, limit: int) -> str:
        """The query for the object of each row and the row itself as an object of JSON."""
        return (
            f"select {self.what}, to_jsonb(r.*)::text, {self.line} from {self.relation} as r "
            f"where {self.where} limit {limit}"
        )


def digests(sources: Iterable[Source]) -> str:
    """One statement for the digests of all sources."""
    return "\nunion all ".join(source.digest() for source in sources)
