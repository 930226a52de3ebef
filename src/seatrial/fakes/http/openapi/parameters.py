"""The parameters and credentials of a request, held against what an operation asks for."""

from __future__ import annotations

import json
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any

from seatrial.fakes.http.openapi.schemas import Schemas, Violation
from seatrial.fakes.secrecy import is_secret

if TYPE_CHECKING:
    from seatrial.fakes.http.openapi.document import Document, Part
    from seatrial.fakes.http.openapi.operations import Operation
    from seatrial.fakes.request import Request

# OpenAPI describes these elsewhere.
_NOT_PARAMETERS = ("accept", "content-type", "authorization")


def parameter_violation(
    operation: Operation, request: Request, *, document: Document, schemas: Schemas
) -> Violation | None:
    """The first parameter that is missing or wrong; None when the document allows them all."""
    in_path = operation.path_values(request.path) or {}
    for parameter in operation.parameters:
        place, name = str(parameter.below("in").value), str(parameter.below("name").value)
        if place == "header" and name.lower() in _NOT_PARAMETERS:
            continue
        values = _values(request, in_path, place, name)
        label = f"the {place} parameter {name}"
        if values is None:
            if parameter.below("required").value is True or place == "path":
                return Violation(where=label, expected="a value", found="none")
            continue
        wrong = _wrong(parameter, values, document=document, schemas=schemas)
        if wrong is not None:
            found = "***" if is_secret(name) else wrong.found
            return Violation(where=label, expected=wrong.expected, found=found)
    return None


def _values(request: Request, in_path: dict[str, str], place: str, name: str) -> list[str] | None:
    if place == "query":
        return request.query.get(name)
    if place == "header":
        found = request.headers.get(name.lower())
    elif place == "cookie":
        found = cookies(request).get(name)
    else:
        found = in_path.get(name)
    return None if found is None else [found]


def cookies(request: Request) -> dict[str, str]:
    """The cookies of a request, by name."""
    try:
        parsed: SimpleCookie = SimpleCookie(request.headers.get("cookie", ""))
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in parsed.items()}


def _wrong(parameter: Part, values: list[str], *, document: Document, schemas: Schemas) -> Violation | None:
    schema = parameter.below("schema")
    described = document.follow(schema).value
    if not isinstance(described, dict):
        return None
    kinds = described.get("type")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if "object" in kinds:
        return None
    if "array" in kinds:
        return _first(schema, _lists(parameter, values), schemas)
    return _first(schema, readings(values[-1]), schemas)


def _lists(parameter: Part, values: list[str]) -> list[Any]:
    in_query = parameter.below("in").value in ("query", "cookie")
    explode = parameter.below("explode").value
    whole = in_query if explode is None else explode
    texts = values if in_query and whole else values[-1].split(",")
    return [texts, [readings(text)[-1] for text in texts]]


def readings(text: str) -> list[Any]:
    """What a text on the wire may stand for: itself, and the number or truth value it spells."""
    try:
        value = json.loads(text)
    except ValueError:
        return [text]
    return [text] if isinstance(value, (str, dict, list)) else [text, value]


def _first(schema: Part, candidates: list[Any], schemas: Schemas) -> Violation | None:
    wrong = [schemas.violation(schema, candidate, way="request") for candidate in candidates]
    # The last reading is the one that is no string: what is wrong with it tells more.
    return None if None in wrong else wrong[-1]


def credential_violation(operation: Operation, request: Request, document: Document) -> Violation | None:
    """What is missing when a request has none of the credentials that its operation accepts."""
    asked = operation.part.below("security")
    if asked.value is None:
        asked = document.root.below("security")
    ways = [list(way.value or ()) for _, way in asked.children()]
    schemes = document.root.below("components", "securitySchemes")
    if not ways or any(
        all(_has(request, document.follow(schemes.below(name))) for name in way) for way in ways
    ):
        return None
    expected = " or ".join(dict.fromkeys(" and ".join(way) for way in ways))
    return Violation(where="the credentials", expected=expected, found="none of that form")


def _has(request: Request, scheme: Part) -> bool:
    kind, name = scheme.below("type").value, str(scheme.below("name").value)
    authorization = request.headers.get("authorization", "").lower()
    if kind == "apiKey":
        place = {"query": request.query, "cookie": cookies(request)}
        return (
            name.lower() in request.headers
            if scheme.below("in").value == "header"
            else (name in place.get(str(scheme.below("in").value), {}))
        )
    if kind == "http":
        return authorization.startswith(f"{str(scheme.below('scheme').value).lower()} ")
    if kind in ("oauth2", "openIdConnect"):
        return authorization.startswith("bearer ")
    return True
