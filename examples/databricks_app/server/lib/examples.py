"""A value that meets a JSON Schema, for somebody to begin with."""

from typing import Any

_DEEPEST = 12
_SIMPLE: dict[str, Any] = {"string": "text", "integer": 0, "number": 0.0, "boolean": False, "null": None}


def example_of(schema: dict[str, Any]) -> dict[str, Any]:
    """Inputs for a schema of an object. Of several forms: records of a data frame, else the first."""
    made = _made(_easiest(schema), 0)
    return made if isinstance(made, dict) else {}


def _easiest(schema: dict[str, Any]) -> dict[str, Any]:
    forms = [form for form in schema.get("oneOf", []) if isinstance(form, dict)]
    records = [form for form in forms if "dataframe_records" in form.get("properties", {})]
    return records[0] if records else schema


def _made(schema: Any, depth: int) -> Any:
    if not isinstance(schema, dict) or depth > _DEEPEST:
        return None
    for given in ("example", "default", "const"):
        if given in schema:
            return schema[given]
    if choices := schema.get("enum"):
        return choices[0]
    for alternatives in ("oneOf", "anyOf", "allOf"):
        if found := schema.get(alternatives):
            return _made(found[0], depth + 1)
    return _of_type(schema, depth)


def _of_type(schema: dict[str, Any], depth: int) -> Any:
    kind = schema.get("type", "object" if "properties" in schema else None)
    if kind == "object":
        parts = schema.get("properties") or {}
        return {name: _made(part, depth + 1) for name, part in parts.items()}
    if kind == "array":
        return [_made(schema.get("items"), depth + 1)]
    return _SIMPLE.get(kind) if isinstance(kind, str) else None
