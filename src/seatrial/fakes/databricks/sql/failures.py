"""Failures by their error classes, and what errors of the parser and of duckdb mean in these words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from seatrial.fakes.databricks.sql.errors import NotServed, SqlCancelled, SqlFailure
from seatrial.fakes.databricks.sql.names import quoted

if TYPE_CHECKING:
    from collections.abc import Callable

STATES = {
    "AMBIGUOUS_REFERENCE": "42704",
    "ARITHMETIC_OVERFLOW": "22003",
    "CAST_INVALID_INPUT": "22018",
    "CAST_OVERFLOW": "22003",
    "CANNOT_PARSE_TIMESTAMP": "22007",
    "CATALOG_ALREADY_EXISTS": "42P06",
    "CATALOG_NOT_FOUND": "42P08",
    "COLUMN_ALREADY_EXISTS": "42711",
    "DATATYPE_MISMATCH": "42K09",
    "DELTA_NOT_NULL_CONSTRAINT_VIOLATED": "23502",
    "DELTA_VIOLATE_CONSTRAINT_WITH_VALUES": "23001",
    "DELTA_MULTIPLE_SOURCE_ROW_MATCHING_TARGET_ROW_IN_MERGE": "21506",
    "DIVIDE_BY_ZERO": "22012",
    "REMAINDER_BY_ZERO": "22012",
    "EXPECT_TABLE_NOT_VIEW": "42809",
    "EXPECT_VIEW_NOT_TABLE": "42809",
    "INSERT_COLUMN_ARITY_MISMATCH": "21S01",
    "INVALID_ARRAY_INDEX": "22003",
    "INVALID_ARRAY_INDEX_IN_ELEMENT_AT": "22003",
    "INVALID_PARAMETER_VALUE": "22023",
    "MISSING_AGGREGATION": "42803",
    "MISSING_GROUP_BY": "42803",
    "NESTED_AGGREGATE_FUNCTION": "42607",
    "INVALID_WHERE_CONDITION": "42903",
    "NUM_COLUMNS_MISMATCH": "42826",
    "NUMERIC_VALUE_OUT_OF_RANGE": "22003",
    "PARSE_EMPTY_STATEMENT": "42617",
    "PARSE_SYNTAX_ERROR": "42601",
    "SCALAR_SUBQUERY_TOO_MANY_ROWS": "21000",
    "SCHEMA_ALREADY_EXISTS": "42P06",
    "SCHEMA_NOT_EMPTY": "2BP01",
    "SCHEMA_NOT_FOUND": "42704",
    "TABLE_OR_VIEW_ALREADY_EXISTS": "42P07",
    "TABLE_OR_VIEW_NOT_FOUND": "42P01",
    "UNBOUND_SQL_PARAMETER": "42P02",
    "UNRESOLVED_COLUMN": "42703",
    "UNRESOLVED_ROUTINE": "42883",
    "USER_RAISED_EXCEPTION": "P0001",
    "WRONG_NUM_ARGS": "42605",
}
_UNKNOWN_STATE = "XX000"
_OWN = re.compile(r"\[([A-Z][A-Z0-9_.]*)\] ?(.*)", re.DOTALL)
NOT_SERVED = "NOT_SERVED_HERE"


def failure(error_class: str, message: str) -> SqlFailure:
    """A failure with the state of its class, or of the class above it."""
    state = STATES.get(error_class) or STATES.get(error_class.partition(".")[0], _UNKNOWN_STATE)
    return SqlFailure(error_class, message, state)


def table_not_found(name: str) -> SqlFailure:
    """There is no such table or view."""
    return failure(
        "TABLE_OR_VIEW_NOT_FOUND",
        f"The table or view {name} cannot be found. Verify the spelling and correctness of the schema and "
        "catalog.\nIf you did not qualify the name with a schema, verify the current_schema() output, or "
        "qualify the name with the correct schema and catalog.\nTo tolerate the error on drop use DROP VIEW "
        "IF EXISTS or DROP TABLE IF EXISTS.",
    )


def schema_not_found(catalog: str, schema: str) -> SqlFailure:
    """There is no such schema."""
    return failure(
        "SCHEMA_NOT_FOUND",
        f"The schema {quoted(catalog)}.{quoted(schema)} cannot be found. Verify the spelling and correctness "
        "of the schema and catalog.\nIf you did not qualify the name with a catalog, verify the "
        "current_schema() output, or qualify the name with the correct catalog.\nTo tolerate the error on "
        "drop use DROP SCHEMA IF EXISTS.",
    )


def catalog_not_found(catalog: str) -> SqlFailure:
    """There is no such catalog."""
    return failure(
        "CATALOG_NOT_FOUND",
        f"The catalog {quoted(catalog)} not found. Consider to set the SQL config "
        '"spark.sql.catalog.<name>" to a catalog plugin.',
    )


def already_exists(kind: str, name: str) -> SqlFailure:
    """Something of this name is there: `kind` is CATALOG, SCHEMA or TABLE_OR_VIEW."""
    what = {"CATALOG": "catalog", "SCHEMA": "schema", "TABLE_OR_VIEW": "table or view"}[kind]
    return failure(
        f"{kind}_ALREADY_EXISTS",
        f"Cannot create {what} {name} because it already exists. Choose a different name, drop or replace "
        "the existing object, or add the IF NOT EXISTS clause to tolerate pre-existing objects.",
    )


def syntax_error(near: str, *, position: int | None = None) -> SqlFailure:
    """The statement is not written as SQL is."""
    where = "end of input" if not near else f"'{near}'"
    at = "" if position is None else f" (line 1, pos {position})"
    return failure("PARSE_SYNTAX_ERROR", f"Syntax error at or near {where}.{at}")


def of_parser(error: Any) -> SqlFailure:
    """What an error of sqlglot means."""
    details = getattr(error, "errors", None) or [{}]
    near = str(details[0].get("highlight") or "")
    column = details[0].get("col")
    start = column - len(near) if isinstance(column, int) else None
    return syntax_error(near, position=start)


def of_duckdb(error: Exception) -> Exception:
    """What an error of duckdb means; one that is not known keeps its words."""
    whole = re.sub(r"^[A-Za-z ]+ Error: ", "", str(error))
    text = whole.partition("\n\nLINE ")[0].strip()
    kind = type(error).__name__
    if kind == "InterruptException":
        return SqlCancelled("The statement was cancelled.")
    own = _OWN.match(text)
    if own is not None:
        return NotServed(own[2]) if own[1] == NOT_SERVED else failure(own[1], own[2])
    for pattern, make in _MEANINGS:
        match = re.search(pattern, text, re.DOTALL)
        if match is not None:
            return make(match, whole if make is _no_relation else text)
    if kind == "OutOfMemoryException":
        return SqlFailure("", "The query needs more memory than the fake gives to it.", "53200")
    return SqlFailure("", text.partition("\n")[0], _UNKNOWN_STATE)


def unresolved_column(name: str, candidates: list[str]) -> SqlFailure:
    """There is no such column in the relations of a query."""
    shown = ".".join(quoted(part) for part in name.split("."))
    if not candidates:
        return failure(
            "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION",
            f"A column, variable, or function parameter with name {shown} cannot be resolved.",
        )
    listed = ", ".join(".".join(quoted(part) for part in one.split(".")) for one in candidates)
    return failure(
        "UNRESOLVED_COLUMN.WITH_SUGGESTION",
        f"A column, variable, or function parameter with name {shown} cannot be resolved. "
        f"Did you mean one of the following? [{listed}].",
    )


def malformed(value: str, source: str, target: str) -> SqlFailure:
    """A value cannot be cast."""
    return failure(
        "CAST_INVALID_INPUT",
        f"The value '{value}' of the type "
        f'"{source}" cannot be cast to "{target}" because it is malformed. '
        "Correct the value as per the syntax, or change its target type. Use `try_cast` to tolerate "
        "malformed input and return NULL instead.",
    )


_SHOWN = {
    "INT8": "TINYINT",
    "INT16": "SMALLINT",
    "INT32": "INT",
    "INT64": "BIGINT",
    "INT128": "BIGINT",
    "BOOL": "BOOLEAN",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP",
}


def _no_column(match: re.Match[str], text: str) -> SqlFailure:
    _, _, rest = text.partition("Candidate bindings:")
    _, _, other = text.partition("Did you mean:")
    return unresolved_column(match[1], re.findall(r'"([^"]+)"', rest or other))


def _no_relation(match: re.Match[str], text: str) -> SqlFailure:
    column = re.search(rf'"?{re.escape(match[1])}"?\."?([^"\s,)]+)', text.partition("Candidate tables")[2])
    return unresolved_column(f"{match[1]}.{column[1]}" if column is not None else match[1], [])


def _not_null(match: re.Match[str], _: str) -> SqlFailure:
    return failure(
        "DELTA_NOT_NULL_CONSTRAINT_VIOLATED", f"NOT NULL constraint violated for column: {match[1]}."
    )


def _check(*_: object) -> SqlFailure:
    return failure("DELTA_VIOLATE_CONSTRAINT_WITH_VALUES", "CHECK constraint violated by a row.")


def _ambiguous(match: re.Match[str], text: str) -> SqlFailure:
    options = re.findall(r"'([^']+)'", text.partition("(use:")[2])
    listed = ", ".join(".".join(quoted(part) for part in one.split(".")) for one in options)
    return failure("AMBIGUOUS_REFERENCE", f"Reference {quoted(match[1])} is ambiguous, could be: [{listed}].")


def _conversion(match: re.Match[str], _: str) -> SqlFailure:
    target = match[2].strip().rstrip(".")
    return malformed(match[1], "STRING", _SHOWN.get(target, target))


def _field(match: re.Match[str], _: str) -> SqlFailure:
    return malformed(match[2], "STRING", match[1].upper())


def _classed(error_class: str) -> Callable[[re.Match[str], str], SqlFailure]:
    return lambda _, text: failure(error_class, text.partition("\n")[0])


_DIVISION = "Division by zero. Use `try_divide` to tolerate divisor being 0 and return NULL instead."

_MEANINGS: tuple[tuple[str, Callable[[re.Match[str], str], Exception]], ...] = (
    (r'Referenced column "([^"]*)" (?:not found|was not found)', _no_column),
    (r'Column "([^"]*)" referenced that exists in the SELECT clause', _no_column),
    (r'does not have a column (?:with name|named) "([^"]*)"', _no_column),
    (r'column "([^"]*)" must appear in the GROUP BY clause', _classed("MISSING_AGGREGATION")),
    (r'Could not find key "([^"]*)" in struct', _no_column),
    (r'Referenced table "([^"]*)" not found', _no_relation),
    (r'Ambiguous reference to column name "([^"]*)"', _ambiguous),
    (r"Division by zero|divide by zero", lambda *_: failure("DIVIDE_BY_ZERO", _DIVISION)),
    (r"Could not convert string '(.*?)' to (.+)", _conversion),
    (r"invalid (date|timestamp) field format: \"(.*?)\"", _field),
    (r"(date|timestamp) field value out of range: \"(.*?)\"", _field),
    (r"Could not convert string \"(.*?)\" to (DECIMAL\S*)", _conversion),
    (r"Could not parse string \"(.*?)\" according to", _classed("CANNOT_PARSE_TIMESTAMP")),
    (r"out of range for the destination type", _classed("CAST_OVERFLOW")),
    (r"Could not cast value .* to DECIMAL", _classed("NUMERIC_VALUE_OUT_OF_RANGE")),
    (r"Overflow in|overflow", _classed("ARITHMETIC_OVERFLOW")),
    (r"More than one row returned by a subquery", _classed("SCALAR_SUBQUERY_TOO_MANY_ROWS")),
    (
        r"cannot affect the same target row more than once",
        _classed("DELTA_MULTIPLE_SOURCE_ROW_MATCHING_TARGET_ROW_IN_MERGE"),
    ),
    (r"NOT NULL constraint failed: \S*?\.(\S+)", _not_null),
    (r"CHECK constraint failed", _check),
    (r"WHERE clause cannot contain aggregates", _classed("INVALID_WHERE_CONDITION")),
    (r"aggregate function calls cannot be nested", _classed("NESTED_AGGREGATE_FUNCTION")),
    (r"Set operations can only apply to expressions with the same number", _classed("NUM_COLUMNS_MISMATCH")),
    (r"No function matches the given name and argument types", _classed("DATATYPE_MISMATCH")),
    (r"Could not choose a best candidate function", _classed("DATATYPE_MISMATCH")),
    (r"Cannot compare values of type|Unimplemented type for cast|Cannot cast", _classed("DATATYPE_MISMATCH")),
    (r"Could not convert string", _classed("CAST_INVALID_INPUT")),
)
