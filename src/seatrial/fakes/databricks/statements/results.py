"""A result in chunks: the manifest that describes it, and each chunk with the way to the next."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seatrial.fakes.databricks.unity.types import ColumnType

Row = list[str | None]

INLINE_BYTES = 25 * 1024 * 1024
"""The most that a result may have that comes in the answer."""


@dataclass(frozen=True, kw_only=True)
class ResultColumn:
    """A column of a result."""

    name: str
    type: ColumnType

    def json(self, position: int) -> dict[str, Any]:
        """As the manifest has it."""
        found: dict[str, Any] = {
            "name": self.name,
            "type_text": self.type.text.upper(),
            "type_name": self.type.name,
            "position": position,
        }
        if self.type.name == "DECIMAL":
            found |= {"type_precision": self.type.precision, "type_scale": self.type.scale}
        return found


@dataclass(frozen=True, kw_only=True)
class Rows:
    """What a statement gave: every value a text, or None, as `JSON_ARRAY` has them."""

    columns: tuple[ResultColumn, ...]
    rows: Sequence[Row]
    truncated: bool = False


class Chunks:
    """A result, cut into pieces that are fetched one by one.

    Args:
        result: the whole.
        size: the most rows of a chunk.
        format: `JSON_ARRAY`, `CSV` or `ARROW_STREAM`, for the manifest.
    """

    def __init__(self, result: Rows, *, size: int, format: str) -> None:  # noqa: A002 - the API's word
        self._result = result
        self._size = size
        self._format = format
        self._sizes: dict[int, int] = {}
        self.count = max(1, -(-len(result.rows) // size)) if result.columns else 0

    @property
    def total_bytes(self) -> int:
        """What all rows take as JSON."""
        return sum(map(self._bytes, range(self.count)))

    def rows(self, index: int) -> Sequence[Row]:
        """The rows of a chunk."""
        return self._result.rows[index * self._size : (index + 1) * self._size]

    def encoded(self, index: int) -> bytes:
        """A chunk as a file behind a link has it."""
        if self._format == "CSV":
            return self._csv(index)
        return json.dumps(self.rows(index), ensure_ascii=False, separators=(",", ":")).encode()

    def manifest(self) -> dict[str, Any]:
        """What the result is made of."""
        columns = [column.json(position) for position, column in enumerate(self._result.columns)]
        described = [self._described(index) for index in range(self.count)]
        found: dict[str, Any] = {
            "format": self._format,
            "schema": {"column_count": len(columns), "columns": columns},
            "total_chunk_count": self.count,
            "total_row_count": len(self._result.rows),
            "total_byte_count": sum(chunk["byte_count"] for chunk in described),
            "truncated": self._result.truncated,
        }
        return {**found, "chunks": described} if described else found

    def piece(self, index: int, *, statement: str) -> dict[str, Any]:
        """A chunk and the way to the next one, without its rows."""
        found = self._described(index)
        if index + 1 < self.count:
            found["next_chunk_index"] = index + 1
            path = f"/api/2.0/sql/statements/{statement}/result/chunks/{index + 1}"
            found["next_chunk_internal_link"] = f"{path}?row_offset={(index + 1) * self._size}"
        return found

    def _bytes(self, index: int) -> int:
        # Asked for with every answer about the statement, and not cheap for many rows.
        if index not in self._sizes:
            self._sizes[index] = len(self.encoded(index))
        return self._sizes[index]

    def _described(self, index: int) -> dict[str, Any]:
        rows = self.rows(index)
        return {
            "chunk_index": index,
            "row_offset": index * self._size,
            "row_count": len(rows),
            "byte_count": self._bytes(index),
        }

    def _csv(self, index: int) -> bytes:
        written = io.StringIO()
        writer = csv.writer(written, lineterminator="\n")
        if not index:
            writer.writerow([column.name for column in self._result.columns])
        writer.writerows([["null" if value is None else value for value in row] for row in self.rows(index)])
        return written.getvalue().encode()
