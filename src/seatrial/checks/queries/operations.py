"""What an application offers to read, out of its OpenAPI document."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from seatrial.checks.finding import Inapplicable
from seatrial.checks.making.plain import WORD
from seatrial.errors import CheckError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from seatrial.app import Client

_PLACES = ("/openapi.json", "/schema/openapi.json")
"""Where FastAPI and Litestar serve it."""
_PARAMETER = re.compile(r"\{([^{}]+)\}")
_OK = 200
_FORMATS = {
    "date": "2024-01-01",
    "date-time": "2024-01-01T12:00:00Z",
    "uuid": "00000000-0000-4000-8000-000000000001",
    "email": "row1@example.com",
}
_BY_TYPE = {"number": "1", "boolean": "true", "array": WORD}


@dataclass(frozen=True, kw_only=True)
class Operation:
    """Something that can be read by GET.

    Attributes:
        template: `/orders/{order_id}`.
        query: the values of its required query parameters.
        choices: for parameters of its path whose values the document names, those.
    """

    template: str
    query: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def parameters(self) -> list[str]:
        """The parameters of its path, in their order."""
        return _PARAMETER.findall(self.template)

    def __str__(self) -> str:
        return f"GET {self.template}"


def find_operations(app: Any, client: Client, *, served_at: str | None) -> list[Operation]:
    """The operations that read, those without parameters in their path first.

    Args:
        app: the application object.
        client: calls it.
        served_at: where the document is served, if the team says so.

    Raises:
        Inapplicable: no document was found, or there is nothing to GET in it.
        CheckError: there is none where the team says it is.
    """
    document = _served(client, served_at) if served_at else _of_framework(app) or _usual(client)
    if document is None:
        raise Inapplicable(
            "the application tells of no operations: neither its framework nor "
            f"{' nor '.join(_PLACES)} has an OpenAPI document (checks.queries.openapi says where it is)"
        )
    operations = sorted(_operations(document), key=lambda found: (len(found.parameters), found.template))
    if not operations:
        raise Inapplicable("the OpenAPI document has no operation with GET")
    return operations


def _of_framework(app: Any) -> Mapping[str, Any] | None:
    fastapi, litestar = sys.modules.get("fastapi"), sys.modules.get("litestar")
    if fastapi is not None and isinstance(app, fastapi.FastAPI):
        described: Mapping[str, Any] = app.openapi()
        return described
    if litestar is not None and isinstance(app, litestar.Litestar) and app.openapi_config is not None:
        schema: Mapping[str, Any] = app.openapi_schema.to_schema()
        return schema
    return None


def _usual(client: Client) -> Mapping[str, Any] | None:
    return next((found for place in _PLACES if (found := _document(client, place)) is not None), None)


def _served(client: Client, place: str) -> Mapping[str, Any]:
    document = _document(client, place)
    if document is None:
        raise CheckError(
            f"GET {place} gives no OpenAPI document in JSON to somebody without credentials",
            code="checks.no-openapi",
            remedy="Correct `openapi` under [tool.seatrial.checks.queries].",
        )
    return document


def _document(client: Client, place: str) -> Mapping[str, Any] | None:
    response = client.get(place)
    if response.status_code != _OK:
        return None
    try:
        found = response.json()
    except ValueError:
        return None
    return found if isinstance(found, dict) and isinstance(found.get("paths"), dict) else None


def _operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    before = str(document.get("basePath", "")).rstrip("/")
    for path, item in document["paths"].items():
        found = _resolved(document, item)
        if "get" not in found:
            continue
        get = _resolved(document, found["get"])
        given = [*found.get("parameters", ()), *get.get("parameters", ())]
        parameters = [_resolved(document, parameter) for parameter in given]
        yield Operation(
            template=before + path,
            query={
                parameter["name"]: _value(document, parameter)
                for parameter in parameters
                if parameter.get("in") == "query" and parameter.get("required")
            },
            choices={
                parameter["name"]: choices
                for parameter in parameters
                if parameter.get("in") == "path" and (choices := _choices(document, parameter))
            },
        )


def _resolved(document: Mapping[str, Any], node: Any) -> Mapping[str, Any]:
    while isinstance(node, dict) and "$ref" in node:
        target: Any = document
        for name in str(node["$ref"]).removeprefix("#/").split("/"):
            target = target.get(name.replace("~1", "/").replace("~0", "~"), {})
        node = target
    return node if isinstance(node, dict) else {}


def _schema(document: Mapping[str, Any], parameter: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of a parameter; in Swagger 2 the parameter is its own schema."""
    schema = _resolved(document, parameter.get("schema", parameter))
    kinds: Sequence[Any] = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf") or ()
    return _resolved(document, kinds[0]) if kinds else schema


def _choices(document: Mapping[str, Any], parameter: Mapping[str, Any]) -> tuple[str, ...]:
    """What the document names: every value there is, or an example."""
    schema = _schema(document, parameter)
    named = schema.get("enum") or [
        each[key] for each in (parameter, schema) for key in ("example", "default", "const") if key in each
    ]
    examples = schema.get("examples")
    return tuple(str(value) for value in named or (examples if isinstance(examples, list) else ()))


def _value(document: Mapping[str, Any], parameter: Mapping[str, Any]) -> str:
    choices = _choices(document, parameter)
    if choices:
        return choices[0]
    schema = _schema(document, parameter)
    kind = schema.get("type")
    if kind == "integer":
        return str(max(int(schema.get("minimum", 1)), 1))
    if kind in _BY_TYPE:
        return _BY_TYPE[kind]
    return str(_FORMATS.get(schema.get("format", ""), WORD))
