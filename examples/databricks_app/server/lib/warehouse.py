"""Statements on a SQL warehouse: sent, waited for, and their rows as JSON values."""

import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound
from databricks.sdk.service.sql import (
    ColumnInfo,
    Disposition,
    ExecuteStatementRequestOnWaitTimeout as OnWaitTimeout,
    Format,
    StatementResponse,
    StatementState,
)

from server.lib.statements import Statement
from server.settings import Settings

_WAITING = (StatementState.PENDING, StatementState.RUNNING)
_LONGEST_WAIT_SECONDS = 50
"""What the service allows for one request."""
_SHORTEST_WAIT_SECONDS = 5
_POLL_SECONDS = 0.2


@dataclass(frozen=True, kw_only=True)
class Answer:
    columns: list[str]
    rows: list[list[Any]]


class StatementFailedError(Exception):
    """A statement that came to no result; the text begins with its error class in brackets."""

    def __init__(self, message: str, *, is_transient: bool = False) -> None:
        super().__init__(message)
        self.is_transient = is_transient
        """Whether the same statement may succeed later."""

    def has_class(self, *names: str) -> bool:
        """Whether it is of one of these error classes; each of them may have sub-classes."""
        return any(str(self).startswith((name, f"[{name}")) for name in names)


class Warehouse:
    """The warehouse of the settings, else the first that the caller may use. Blocks."""

    def __init__(self, settings: Settings) -> None:
        self._id = settings.databricks_warehouse_id
        self._limit = settings.query_timeout_seconds

    def run(self, client: WorkspaceClient, statement: Statement) -> Answer:
        """The whole result.

        Raises:
            StatementFailedError: it failed, was cancelled, or took longer than the settings allow.
            DatabricksError: the workspace refused it.
        """
        wait = min(max(self._limit, _SHORTEST_WAIT_SECONDS), _LONGEST_WAIT_SECONDS)
        response = client.statement_execution.execute_statement(
            statement.text,
            self._id or _first_warehouse(client),
            parameters=list(statement.parameters),
            disposition=Disposition.INLINE,
            format=Format.JSON_ARRAY,
            wait_timeout=f"{wait:.0f}s",
            on_wait_timeout=OnWaitTimeout.CONTINUE,
        )
        return _answer(client, self._ended(client, response))

    def _ended(self, client: WorkspaceClient, response: StatementResponse) -> StatementResponse:
        clock, identity = client.config.clock, response.statement_id or ""
        deadline = clock.time() + self._limit
        while _state(response) in _WAITING:
            if clock.time() >= deadline:
                client.statement_execution.cancel_execution(identity)
                raise StatementFailedError("the statement took too long", is_transient=True)
            clock.sleep(_POLL_SECONDS)
            response = client.statement_execution.get_statement(identity)
        return response


def _first_warehouse(client: WorkspaceClient) -> str:
    for warehouse in client.warehouses.list():
        if warehouse.id:
            return warehouse.id
    raise NotFound("there is no SQL warehouse")


def _state(response: StatementResponse) -> StatementState | None:
    return response.status.state if response.status else None


def _answer(client: WorkspaceClient, response: StatementResponse) -> Answer:
    if _state(response) is not StatementState.SUCCEEDED:
        raise _failure(response)
    manifest = response.manifest
    columns = (manifest and manifest.schema and manifest.schema.columns) or []
    readers = [_reader(column) for column in columns]
    rows = [
        [None if value is None else read(value) for read, value in zip(readers, row, strict=True)]
        for row in _rows(client, response)
    ]
    return Answer(columns=[column.name or "" for column in columns], rows=rows)


def _failure(response: StatementResponse) -> StatementFailedError:
    error = response.status.error if response.status else None
    if error is None:  # cancelled, or closed: somebody else did that
        return StatementFailedError("the statement was cancelled", is_transient=True)
    code = error.error_code.value if error.error_code else ""
    return StatementFailedError(
        error.message or code, is_transient=code not in {"", "BAD_REQUEST", "NOT_FOUND"}
    )


def _rows(client: WorkspaceClient, response: StatementResponse) -> Iterator[Sequence[str | None]]:
    part, identity = response.result, response.statement_id or ""
    while part is not None:
        yield from part.data_array or []
        if part.next_chunk_index is None:
            return
        part = client.statement_execution.get_statement_result_chunk_n(identity, part.next_chunk_index)


def _reader(column: ColumnInfo) -> Callable[[str], Any]:
    name = column.type_name.value if column.type_name else "STRING"
    return _READERS.get(name, str)


def _number(text: str) -> float | str:
    number = float(text)
    # JSON has no infinity.
    return number if math.isfinite(number) else text


# All values arrive as text. Decimals stay that: a float would lose digits.
_READERS: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(["BYTE", "SHORT", "INT", "LONG"], int),
    **dict.fromkeys(["FLOAT", "DOUBLE"], _number),
    **dict.fromkeys(["ARRAY", "STRUCT", "MAP"], json.loads),
    "BOOLEAN": "true".__eq__,
}
