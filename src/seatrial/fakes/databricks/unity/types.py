"""Types of columns as Databricks writes them, and as the two APIs name them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from seatrial.errors import FakeError

_SIMPLE = {
    "bigint": ("LONG", "long"),
    "long": ("LONG", "long"),
    "int": ("INT", "integer"),
    "integer": ("INT", "integer"),
    "smallint": ("SHORT", "short"),
    "short": ("SHORT", "short"),
    "tinyint": ("BYTE", "byte"),
    "byte": ("BYTE", "byte"),
    "double": ("DOUBLE", "double"),
    "float": ("FLOAT", "float"),
    "real": ("FLOAT", "float"),
    "boolean": ("BOOLEAN", "boolean"),
    "string": ("STRING", "string"),
    "binary": ("BINARY", "binary"),
    "date": ("DATE", "date"),
    "timestamp": ("TIMESTAMP", "timestamp"),
    "timestamp_ntz": ("TIMESTAMP_NTZ", "timestamp_ntz"),
    "variant": ("VARIANT", "variant"),
    "void": ("NULL", "void"),
}
_ALIASES = {
    "long": "bigint",
    "integer": "int",
    "short": "smallint",
    "byte": "tinyint",
    "real": "float",
}
_DECIMAL = re.compile(r"(?:decimal|dec|numeric)(?:\s*\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?")
_TEXT = re.compile(r"(varchar|char)\s*\(\s*(\d+)\s*\)")
_NESTED = re.compile(r"(array|map|struct)\s*<(.*)>", re.DOTALL)
_MOST_DIGITS = 38


@dataclass(frozen=True, kw_only=True)
class ColumnType:
    """The type of a column."""

    text: str
    """In lower case, as Unity Catalog writes it: `bigint`, `decimal(10,2)`, `array<string>`."""
    name: str
    """As the APIs enumerate it: `LONG`, `DECIMAL`, `ARRAY`."""
    json: Any
    """As a schema of Spark has it."""
    precision: int = 0
    scale: int = 0


def parse(text: object) -> ColumnType:
    """A type as Databricks writes it, in any case.

    Raises:
        FakeError: it is none.
    """
    found = _parse(text.strip().lower()) if isinstance(text, str) else None
    if found is None:
        raise FakeError(
            f"A column expects a type of Databricks SQL, found {text!r}.",
            code="fakes.databricks-type",
            remedy='Write such as "BIGINT", "STRING", "DECIMAL(10,2)", "TIMESTAMP", "ARRAY<STRING>".',
        )
    return found


def _parse(text: str) -> ColumnType | None:
    if text in _SIMPLE:
        name, spark = _SIMPLE[text]
        return ColumnType(text=_ALIASES.get(text, text), name=name, json=spark)
    if match := _DECIMAL.fullmatch(text):
        return _decimal(int(match[1] or 10), int(match[2] or 0))
    if match := _TEXT.fullmatch(text):
        name = "STRING" if match[1] == "varchar" else "CHAR"
        return ColumnType(text=f"{match[1]}({match[2]})", name=name, json=f"{match[1]}({match[2]})")
    if text.startswith("interval"):
        return ColumnType(text=text, name="INTERVAL", json=text)
    match = _NESTED.fullmatch(text)
    return _nested(match[1], match[2]) if match else None


def _decimal(precision: int, scale: int) -> ColumnType | None:
    if not (1 <= precision <= _MOST_DIGITS and 0 <= scale <= precision):
        return None
    written = f"decimal({precision},{scale})"
    return ColumnType(text=written, name="DECIMAL", json=written, precision=precision, scale=scale)


def _nested(kind: str, inside: str) -> ColumnType | None:
    parts = _split(inside)
    if kind == "struct":
        return _struct(parts)
    inner = [_parse(part.strip()) for part in parts]
    types = [one for one in inner if one is not None]
    if len(types) != len(inner) or len(inner) != (1 if kind == "array" else 2):
        return None
    text = f"{kind}<{','.join(one.text for one in types)}>"
    if kind == "array":
        spark = {"type": "array", "elementType": types[0].json, "containsNull": True}
    else:
        spark = {
            "type": "map",
            "keyType": types[0].json,
            "valueType": types[1].json,
            "valueContainsNull": True,
        }
    return ColumnType(text=text, name=kind.upper(), json=spark)


def _struct(parts: list[str]) -> ColumnType | None:
    fields: list[tuple[str, ColumnType]] = []
    for part in parts:
        name, _, written = part.strip().partition(":")
        found = _parse(written.strip())
        if not name.strip() or found is None:
            return None
        fields.append((name.strip(), found))
    text = f"struct<{','.join(f'{name}:{one.text}' for name, one in fields)}>"
    return ColumnType(
        text=text, name="STRUCT", json={"type": "struct", "fields": [_field(*one) for one in fields]}
    )


def _field(name: str, kind: ColumnType) -> dict[str, Any]:
    return {"name": name, "type": kind.json, "nullable": True, "metadata": {}}


def _split(inside: str) -> list[str]:
    """The parts between commas, those within brackets left whole."""
    parts, depth, start = [], 0, 0
    for position, letter in enumerate(inside):
        depth += (letter in "<(") - (letter in ">)")
        if letter == "," and not depth:
            parts.append(inside[start:position])
            start = position + 1
    return [*parts, inside[start:]]


def type_json(name: str, kind: ColumnType, *, nullable: bool) -> str:
    """The field of a Spark schema, as Unity Catalog keeps it beside each column."""
    field = {"name": name, "type": kind.json, "nullable": nullable, "metadata": {}}
    return json.dumps(field, separators=(",", ":"), ensure_ascii=False)
