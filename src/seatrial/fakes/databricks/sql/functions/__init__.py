"""The functions of Databricks that are served, each as the expression of duckdb that gives the same.

One table for each subject. A name has one entry for each number of arguments it can be called with.
"""

from __future__ import annotations

from seatrial.fakes.databricks.sql.functions import (
    aggregates,
    collections,
    conditions,
    dates,
    numbers,
    text,
)
from seatrial.fakes.databricks.sql.functions.entry import Function
from seatrial.fakes.databricks.sql.functions.unserved import UNSERVED

FUNCTIONS: dict[str, tuple[Function, ...]] = {
    name: tuple(Function(name=name, **entry) for entry in entries)
    for table in (
        text.TABLE,
        numbers.TABLE,
        dates.TABLE,
        collections.TABLE,
        conditions.TABLE,
        aggregates.TABLE,
    )
    for name, entries in table.items()
}

__all__ = ["FUNCTIONS", "UNSERVED", "Function"]
