"""SQL of Databricks that runs for real, on tables in memory, through sqlglot and duckdb."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.lazy import lazy_names

if TYPE_CHECKING:
    from seatrial.fakes.databricks.sql.engine import SqlEngine
    from seatrial.fakes.databricks.sql.errors import NotServed, SqlCancelled, SqlFailure
    from seatrial.fakes.databricks.sql.given import Parameter
    from seatrial.fakes.databricks.sql.names import Access, TableName
    from seatrial.fakes.databricks.sql.results import Change, Result
    from seatrial.fakes.databricks.sql.types import Column, parse_type

__all__ = [
    "Access",
    "Change",
    "Column",
    "NotServed",
    "Parameter",
    "Result",
    "SqlCancelled",
    "SqlEngine",
    "SqlFailure",
    "TableName",
    "parse_type",
]

__getattr__ = lazy_names(
    __name__,
    {
        "Access": "names",
        "Change": "results",
        "Column": "types",
        "NotServed": "errors",
        "Parameter": "given",
        "Result": "results",
        "SqlCancelled": "errors",
        "SqlEngine": "engine",
        "SqlFailure": "errors",
        "TableName": "names",
        "parse_type": "types",
    },
)
