"""Hold a value against a schema of the document, and say in one line what is wrong."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from seatrial.fakes.http.openapi.reading import unusable
from seatrial.fakes.secrecy import is_secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seatrial.fakes.http.openapi.document import Document, Part

Way = Literal["request", "answer"]

_LONGEST = 60
_ONLY_IN = {"request": "readOnly", "answer": "writeOnly"}


@dataclass(frozen=True, kw_only=True)
class Violation:
    """What the document forbids about a request or an answer."""

    where: str
    """`$.amount`, or a name such as `the parameter limit`."""
    expected: str
    found: str
    more: int = 0
    """How many others there are."""

    def __str__(self) -> str:
        others = f" (and {self.more} more)" if self.more else ""
        preposition = "at" if self.where.startswith("$") else "for"
        return f"{preposition} {self.where} expected {self.expected}, found {self.found}{others}"


class Schemas:
    """The schemas of one document. Needs the extra `fakes`.

    Args:
        document: whose schemas.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self._checked: set[str] = set()
        self._validators: dict[tuple[str, Way], Any] = {}

    def check(self, part: Part) -> None:
        """Refuse a schema that is none.

        Raises:
            FakeError: it breaks the rules for schemas; the place is named.
        """
        from jsonschema.exceptions import SchemaError  # noqa: PLC0415

        known = json.dumps(part.value, sort_keys=True, default=str)
        if known in self._checked:
            return
        self._checked.add(known)
        try:
            self._classes["check"].check_schema(part.value)
        except SchemaError as error:
            place = "/".join([*part.pointer, *(str(step) for step in error.absolute_path)])
            raise unusable(
                f"{self._document.name} holds a schema that is none, at {place}: {error.message}",
                remedy="Correct the schema there.",
            ) from error

    def violation(self, part: Part, value: Any, *, way: Way) -> Violation | None:
        """What is wrong with a value, most telling first; None when it is what the schema describes."""
        from jsonschema.exceptions import best_match  # noqa: PLC0415

        errors = list(self._validator(part, way).iter_errors(value))
        best = best_match(errors)
        if best is None:
            return None
        secret = best.schema.get("format") == "password" if isinstance(best.schema, dict) else False
        secret = secret or any(isinstance(step, str) and is_secret(step) for step in best.absolute_path)
        return Violation(
            where=best.json_path,
            expected=_expected(best),
            found="***" if secret else shown(best.instance),
            more=len(errors) - 1,
        )

    def _validator(self, part: Part, way: Way) -> Any:
        known = self._validators.get((part.address, way))
        if known is None:
            known = self._classes[way](
                {"$ref": part.address}, registry=self._registry, format_checker=self._classes["formats"]
            )
            self._validators[part.address, way] = known
        return known

    @cached_property
    def _registry(self) -> Any:
        from referencing import Registry  # noqa: PLC0415
        from referencing.jsonschema import DRAFT4, DRAFT202012  # noqa: PLC0415

        rules = DRAFT4 if self._document.version == "3.0" else DRAFT202012
        # Without a way to retrieve, the registry knows these files and no others.
        files = self._document.files.items()
        registry: Any = Registry().with_resources(
            (file, rules.create_resource(value)) for file, value in files
        )
        return registry

    @cached_property
    def _classes(self) -> dict[str, Any]:
        import openapi_schema_validator as oas  # noqa: PLC0415 - the extra, and start-up time
        from jsonschema import Draft7Validator  # noqa: PLC0415

        old = self._document.version == "3.0"
        validator: Any = oas.OAS30Validator if old else oas.OAS31Validator
        return {
            # The rules of 3.1's own dialect take ten times as long: seconds for a large document.
            "check": validator if old else Draft7Validator,
            "request": _lenient(validator, "request"),
            "answer": _lenient(validator, "answer"),
            "formats": oas.oas30_format_checker if old else oas.oas31_format_checker,
        }


def _lenient(validator: Any, way: Way) -> Any:
    """What is required and readOnly is required in answers only, and so for writeOnly and requests."""
    from jsonschema.exceptions import ValidationError  # noqa: PLC0415
    from jsonschema.validators import extend  # noqa: PLC0415

    def required(held: Any, names: Any, instance: Any, schema: Any) -> Iterator[Any]:
        if not held.is_type(instance, "object"):
            return
        properties = schema.get("properties", {})
        for name in names:
            described = properties.get(name)
            exempt = isinstance(described, dict) and described.get(_ONLY_IN[way]) is True
            if name not in instance and not exempt:
                yield ValidationError(f"{name!r} is a required property")

    return extend(validator, {"required": required})  # type: ignore[no-untyped-call]


def _expected(error: Any) -> str:
    keyword, asked = str(error.validator), error.validator_value
    if keyword == "type":
        kinds = " or ".join(asked) if isinstance(asked, list) else asked
        return f"type {kinds}"
    if keyword == "enum":
        return f"one of {', '.join(json.dumps(value) for value in asked)}"
    if keyword == "required":
        return f"the property {error.message.split(' is a ')[0]}"
    if keyword in ("additionalProperties", "unevaluatedProperties") and asked is False:
        known = error.schema.get("properties", {})
        return f"no other properties than {', '.join(known) or 'none'}"
    return f"{keyword} {_cut(json.dumps(asked, default=str))}"


def shown(value: Any) -> str:
    """A value in a message: in full when it is short and no container."""
    if isinstance(value, dict):
        return f"an object with {', '.join(map(str, value))}" if value else "an empty object"
    if isinstance(value, list):
        return f"an array of {len(value)}"
    return _cut(json.dumps(value, default=str))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
