"""The build process on SQLite: PostgreSQL's, with a look at types before tables are made."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from seatrial.postgres.template import worker
from seatrial.sqlite.handle import Handle
from seatrial.sqlite.types import is_postgres_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Column
    from sqlalchemy.engine import Dialect


_IN_COLUMN = re.compile(
    r"\(in table '(?P<table>.+)', column '(?P<column>.+)'\).*element of type (?P<type>\w+)"
)


def _metadata(request: dict[str, Any]) -> list[str]:
    """Make the tables, unless columns want types that SQLite lacks: those are the answer."""
    from sqlalchemy.dialects.sqlite import dialect  # noqa: PLC0415 - only this step needs it

    metadata = worker.metadata_of(request)
    sqlite = dialect()
    found = [
        f"{table.fullname}.{column.name}: {declared}"
        for table in metadata.sorted_tables
        for column in table.columns
        if (declared := _postgres_type(column, sqlite))
    ]
    if not found:
        worker.create_all(metadata, request)
    return found


def _alembic(request: dict[str, Any]) -> dict[str, Any]:
    """Migrate; the answer holds the head, or why SQLite cannot follow."""
    from sqlalchemy.exc import CompileError, OperationalError  # noqa: PLC0415 - only this step needs it

    try:
        return {"head": worker.STEPS["alembic"](request)}
    except CompileError as error:
        column = _IN_COLUMN.search(str(error))
        if column is None:
            raise
        return {"columns": ["{table}.{column}: {type}".format_map(column.groupdict())]}
    except OperationalError as error:
        if "syntax error" not in str(error.orig):
            raise
        return {"statement": str(error.statement).strip(), "reason": str(error.orig)}


def _postgres_type(column: Column[Any], sqlite: Dialect) -> str | None:
    """The type of a column as its author wrote it, where SQLite has none that is like it."""
    from sqlalchemy.exc import CompileError  # noqa: PLC0415 - loaded already

    try:
        declared = str(column.type.compile(dialect=sqlite))
    except CompileError:
        return _as_written(column.type)
    return declared if is_postgres_type(declared) else None


def _as_written(written: Any) -> str:
    from sqlalchemy import create_mock_engine  # noqa: PLC0415 - only for the message

    try:
        postgres = create_mock_engine("postgresql://", executor=lambda *_: None).dialect
        return str(written.compile(dialect=postgres))
    except Exception:  # noqa: BLE001 - a type that no dialect knows is named by its class
        return type(written).__name__


STEPS: dict[str, Callable[[dict[str, Any]], object]] = {
    **worker.STEPS,
    "alembic": _alembic,
    "metadata": _metadata,
    "seed": partial(worker.seed, handle=Handle.of_url),
}

if __name__ == "__main__":
    worker.main(STEPS)
