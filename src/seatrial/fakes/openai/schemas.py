"""JSON Schema in requests: whether the service would accept it, and whether an answer meets it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from seatrial.fakes.openai.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jsonschema import Draft202012Validator

ANY_OBJECT = {"type": "object"}


def disagreement(text: str, schema: Mapping[str, Any] | bool) -> str | None:
    """How a text fails to be JSON that the schema allows; None when it is."""
    try:
        value = json.loads(text)
    except ValueError as error:
        return f"it is no JSON ({error})"
    worst = min(_validator(schema).iter_errors(value), key=lambda found: found.json_path, default=None)
    return None if worst is None else f"{worst.json_path}: {worst.message}"


def check_schema(schema: Any, *, of: str, param: str, strict: bool) -> None:
    """Refuse a schema that the service refuses.

    Args:
        schema: as the request has it.
        of: what it belongs to, such as `response_format 'weather'`.
        param: the parameter it came in.
        strict: whether the request asks for answers that always meet it, which limits what it may say.

    Raises:
        Refused: it is no JSON Schema, or none that can be strict.
    """
    from jsonschema.exceptions import SchemaError  # noqa: PLC0415 - only requests with schemas

    try:
        _validator(schema).check_schema(schema)
    except SchemaError as error:
        raise _invalid(of, param, f"{error.json_path}: {error.message}") from error
    if not isinstance(schema, dict):
        raise _invalid(of, param, f"schema must be a JSON Schema of 'type: \"object\"', got {schema!r}.")
    if not strict:
        return
    if schema.get("type") != "object":
        found = json.dumps(schema.get("type"))
        raise _invalid(of, param, f"schema must be a JSON Schema of 'type: \"object\"', got 'type: {found}'.")
    for problem in _loose(schema, ()):
        raise _invalid(of, param, problem)


def _validator(schema: Any) -> Draft202012Validator:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - only requests with schemas
    from referencing import Registry  # noqa: PLC0415

    # Without a registry of its own it would fetch what a schema refers to.
    return Draft202012Validator(schema, registry=Registry())


def _invalid(of: str, param: str, problem: str) -> Refused:
    return Refused(f"Invalid schema for {of}: {problem}", param=param, code="invalid_json_schema")


def _loose(schema: Any, context: tuple[str, ...]) -> Iterator[str]:
    """Where a schema leaves open what a strict one must settle."""
    if isinstance(schema, list):
        for index, part in enumerate(schema):
            yield from _loose(part, (*context, str(index)))
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "object" or "properties" in schema:
        yield from _open_object(schema, context)
    for keyword in ("properties", "$defs", "definitions"):
        for name, part in (schema.get(keyword) or {}).items():
            yield from _loose(part, (*context, keyword, name))
    for keyword in ("items", "anyOf", "prefixItems"):
        yield from _loose(schema.get(keyword), (*context, keyword))


def _open_object(schema: dict[str, Any], context: tuple[str, ...]) -> Iterator[str]:
    if schema.get("additionalProperties") is not False:
        yield (f"In context={context}, 'additionalProperties' is required to be supplied and to be false.")
    missing = sorted(set(schema.get("properties") or {}) - set(schema.get("required") or []))
    if missing:
        yield (
            f"In context={context}, 'required' is required to be supplied and to be an array including "
            f"every key in properties. Missing {missing[0]!r}."
        )
