"""Statements over one table. Names are quoted, values are parameters: nothing that was sent becomes SQL."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from databricks.sdk.service.sql import StatementParameterListItem as Parameter

from server.lib.errors import invalid
from server.models.data_source import Column, DataSource, Filter

# Types that have no order, or that no parameter can have.
_COMPLEX = re.compile(r"(ARRAY|MAP|STRUCT|VARIANT|OBJECT|BINARY|INTERVAL|GEO\w+)\b")
_LARGEST_INT = 2**31 - 1
_UNORDERED = re.compile(r"(MAP|VARIANT|OBJECT|GEO\w+)\b")


@dataclass(frozen=True, kw_only=True)
class Statement:
    text: str
    parameters: tuple[Parameter, ...]


def quoted(name: str) -> str:
    """A name as Databricks reads it, whatever is in it."""
    return f"`{name.replace('`', '``')}`"


def count_of(table: DataSource, filters: Sequence[Filter]) -> Statement:
    """How many rows meet the filters."""
    condition, parameters = _where(table, filters)
    return Statement(text=f"SELECT count(*) AS total FROM {_name(table)}{condition}", parameters=parameters)


def page_of(table: DataSource, filters: Sequence[Filter], *, limit: int, offset: int) -> Statement:
    """Some of those rows. They are ordered by all columns, so that a row is on one page only."""
    condition, parameters = _where(table, filters)
    order = [quoted(column.name) for column in table.columns if not _UNORDERED.match(column.type)]
    text = (
        f"SELECT {', '.join(quoted(column.name) for column in table.columns)} FROM {_name(table)}{condition}"
        f"{' ORDER BY ' + ', '.join(order) if order else ''} LIMIT :page_rows OFFSET :page_offset"
    )
    page = (_whole("page_rows", limit), _whole("page_offset", offset))
    return Statement(text=text, parameters=(*parameters, *page))


def _name(table: DataSource) -> str:
    return ".".join(map(quoted, (table.catalog_name, table.schema_name, table.table_name)))


def _where(table: DataSource, filters: Sequence[Filter]) -> tuple[str, tuple[Parameter, ...]]:
    columns = {column.name: column for column in table.columns}
    conditions, parameters = [], []
    for number, asked in enumerate(filters):
        field = f"filters.{number}"
        if (column := columns.get(asked.column)) is None:
            raise invalid("INVALID_QUERY", f"{field}.column", f"the table has no column {asked.column!r}")
        conditions.append(_condition(column, asked, field, number))
        if asked.value is not None:
            parameters.append(_value(column, asked, number))
    return f" WHERE {' AND '.join(conditions)}" if conditions else "", tuple(parameters)


def _condition(column: Column, asked: Filter, field: str, number: int) -> str:
    if asked.operator in {"is null", "is not null"}:
        if asked.value is not None:
            raise invalid("INVALID_QUERY", f"{field}.value", f"{asked.operator!r} takes no value")
        return f"{quoted(column.name)} {asked.operator.upper()}"
    if asked.value is None:
        raise invalid("INVALID_QUERY", f"{field}.value", "expected a value; use 'is null' for none")
    if _COMPLEX.match(column.type):
        raise invalid(
            "INVALID_QUERY", f"{field}.column", f"a column of the type {column.type} has no filters"
        )
    return f"{quoted(column.name)} {asked.operator.upper()} :filter_{number}"


def _value(column: Column, asked: Filter, number: int) -> Parameter:
    text = str(asked.value).lower() if isinstance(asked.value, bool) else str(asked.value)
    # The column's own type: a value that does not fit is refused instead of compared as text.
    kind = "STRING" if asked.operator == "like" else column.type
    return Parameter(name=f"filter_{number}", value=text, type=kind)


def _whole(name: str, value: int) -> Parameter:
    # LIMIT and OFFSET take an INT; no table has a page beyond it.
    return Parameter(name=name, value=str(min(value, _LARGEST_INT)), type="INT")
