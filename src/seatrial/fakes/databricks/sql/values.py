"""Values of a result as the service writes them into `JSON_ARRAY`: texts, or None for NULL."""

from __future__ import annotations

import base64
import json
import math
import struct
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from seatrial.fakes.databricks.sql.types import Column

_LEAST_PLAIN, _MOST_PLAIN = 1e-3, 1e7


def writer(column: Column) -> Callable[[Any], str | None]:
    """What writes the values of a column."""
    make = _WRITERS.get(column.type_name, str)
    return lambda value: None if value is None else make(value)


def double(value: float) -> str:
    """A double with the fewest digits that mean it, and an exponent where Databricks writes one."""
    if math.isnan(value) or math.isinf(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    text = repr(float(value))
    if value == 0 or _LEAST_PLAIN <= abs(value) < _MOST_PLAIN:
        return text
    mantissa, _, power = f"{Decimal(text):E}".partition("E")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}E{int(power)}"


def _float(value: float) -> str:
    for digits in range(1, 10):
        text = f"{value:.{digits}g}"
        if struct.pack("f", float(text)) == struct.pack("f", value):
            return double(float(text))
    return double(value)


def moment(value: datetime) -> str:
    """A timestamp in UTC: milliseconds, or microseconds where it has them."""
    there = value.astimezone(UTC) if value.tzinfo is not None else value
    precise = "microseconds" if there.microsecond % 1000 else "milliseconds"
    text = there.replace(tzinfo=None).isoformat(timespec=precise)
    return text + ("Z" if value.tzinfo is not None else "")


def _nested(value: Any) -> str:
    return json.dumps(_json(value), ensure_ascii=False, separators=(",", ":"))


def _json(value: Any) -> Any:
    if isinstance(value, dict):
        return {_key(name): _json(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json(inner) for inner in value]
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value) if value != value.to_integral_value() else int(value)
    return _binary(bytes(value)) if isinstance(value, (bytes, bytearray)) else value


def _key(name: Any) -> str:
    shown = _json(name)
    return shown if isinstance(shown, str) else json.dumps(shown)


def _binary(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


_WRITERS: dict[str, Callable[[Any], str]] = {
    "BOOLEAN": lambda value: "true" if value else "false",
    "DOUBLE": double,
    "FLOAT": _float,
    "DECIMAL": lambda value: f"{value:f}",
    "DATE": lambda value: value.isoformat(),
    "TIMESTAMP": moment,
    "TIMESTAMP_NTZ": moment,
    "BINARY": _binary,
    "ARRAY": _nested,
    "MAP": _nested,
    "STRUCT": _nested,
}
