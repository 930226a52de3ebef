"""The inputs of a model of the team's own: in one of MLflow's forms, held against its document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seatrial.fakes.databricks.refusals import Refused
from seatrial.fakes.databricks.serving.signature import request_schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seatrial.fakes.databricks.serving.endpoint import Endpoint

FORMS = ("dataframe_split", "dataframe_records", "instances", "inputs")


def checked_inputs(body: Mapping[str, Any], endpoint: Endpoint) -> Any:
    """The inputs as a model gets them: data frames as a list of records, the others as they came.

    Raises:
        Refused: there are none, or the document of the endpoint forbids them.
    """
    given = [form for form in FORMS if form in body]
    if len(given) != 1:
        found = ", ".join(given or sorted(body)) or "no body"
        raise _invalid(f"expected one of {', '.join(FORMS)}, found {found}")
    schema = request_schema(endpoint.openapi) if endpoint.openapi is not None else None
    if schema is not None and given[0].startswith("dataframe"):
        _enforce(body, schema)
    if given[0] == "dataframe_split":
        return _records(body["dataframe_split"])
    return body[given[0]]


def _records(split: Any) -> list[dict[str, Any]]:
    columns = split.get("columns") if isinstance(split, dict) else None
    rows = split.get("data") if isinstance(split, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise _invalid("dataframe_split expects columns and data, a list of rows")
    names = (
        columns if isinstance(columns, list) else [str(place) for place in range(len(rows[0]) if rows else 0)]
    )
    if any(len(row) != len(names) for row in rows):
        raise _invalid(f"dataframe_split expects {len(names)} values in each row")
    return [dict(zip(names, row, strict=True)) for row in rows]


def _enforce(body: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
    from openapi_schema_validator import OAS31Validator  # noqa: PLC0415 - start-up time

    form = next(form for form in FORMS if form in body)
    # Of several forms the one that was sent says best what is wrong with it.
    wanted = next(
        (
            one
            for one in schema.get("oneOf", [])
            if form in (one.get("required") or one.get("properties") or {})
        ),
        schema,
    )
    error = next(iter(OAS31Validator(wanted).iter_errors({form: body[form]})), None)
    if error is not None:
        where = ".".join(str(part) for part in error.absolute_path)
        raise _invalid(f"Failed to enforce schema of the data at {where}: {error.message}")


def _invalid(message: str) -> Refused:
    return Refused(f"Invalid input. {message}", status=400, code="BAD_REQUEST")
