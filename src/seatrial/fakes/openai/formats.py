"""What form a request demands of the answer's text: any, a JSON object, or what a schema allows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from seatrial.fakes.openai.asked import Format
from seatrial.fakes.openai.refusals import Refused
from seatrial.fakes.openai.schemas import ANY_OBJECT, check_schema

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def read_format(wanted: Any, *, param: str, nested: bool, prompt: str) -> Format | None:
    """The form that a request demands; None for plain text.

    Args:
        wanted: the parameter's value.
        param: its name.
        nested: whether name and schema are below a key of their own, as chat completions have them.
        prompt: every text of the request; the service wants it to speak of JSON.

    Raises:
        Refused: the service refuses it.
    """
    if wanted is None:
        return None
    kind = wanted.get("type") if isinstance(wanted, dict) else None
    if kind == "text":
        return None
    if kind == "json_object":
        if "json" not in prompt.lower():
            where = "'messages'" if nested else "Response input messages"
            raise Refused(
                f"{where} must contain the word 'json' in some form, to use '{param}' of type 'json_object'.",
                param="messages" if nested else "input",
            )
        return Format(name=f"{param} json_object", schema=ANY_OBJECT)
    if kind == "json_schema":
        return _schema(wanted.get("json_schema") if nested else wanted, param=param)
    raise Refused(
        f"Invalid value: {kind!r}. Supported values are: 'json_object', 'json_schema', and 'text'.",
        param=f"{param}.type",
        code="invalid_value",
    )


def _schema(definition: Any, *, param: str) -> Format:
    described: Mapping[str, Any] = definition if isinstance(definition, dict) else {}
    name = described.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise Refused(
            f"Invalid '{param}.name': expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.",
            param=f"{param}.name",
        )
    if "schema" not in described:
        raise Refused(f"Missing required parameter: '{param}.schema'.", param=f"{param}.schema")
    schema = described["schema"]
    check_schema(schema, of=f"response_format {name!r}", param=param, strict=described.get("strict") is True)
    return Format(name=f"the schema {name!r} of {param}", schema=schema)
