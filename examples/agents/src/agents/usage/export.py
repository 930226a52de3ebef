"""Single requests as files."""

import csv
import io
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

from sqlalchemy import RowMapping

MEDIA_TYPES = {"csv": "text/csv", "json": "application/json"}

COLUMNS = (
    "created_at",
    "request_id",
    "user_id",
    "method",
    "route",
    "status",
    "duration_ms",
    "model",
    "prompt_tokens",
    "completion_tokens",
)

_Batches = AsyncIterator[Sequence[RowMapping]]


async def as_csv(batches: _Batches) -> AsyncIterator[str]:
    """A header, then one line per request; what is not known is empty."""
    yield _lines([COLUMNS])
    async for batch in batches:
        yield _lines([list(_plain(row).values()) for row in batch])


async def as_json(batches: _Batches) -> AsyncIterator[str]:
    """An array with one object per request; what is not known is null."""
    separator = "["
    async for batch in batches:
        for row in batch:
            yield separator + json.dumps(_plain(row))
            separator = ","
    yield "[]" if separator == "[" else "]"


def _plain(row: RowMapping) -> dict[str, Any]:
    plain = {name: row[name] for name in COLUMNS}
    return {**plain, "created_at": row["created_at"].isoformat(), "user_id": str(row["user_id"])}


def _lines(rows: Sequence[Sequence[Any]]) -> str:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue()
