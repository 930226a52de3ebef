"""What a request to execute a statement asks for, checked as the service checks it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seatrial.fakes.databricks.refusals import invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

_KNOWN = frozenset(
    {
        "statement",
        "warehouse_id",
        "catalog",
        "schema",
        "parameters",
        "wait_timeout",
        "on_wait_timeout",
        "row_limit",
        "byte_limit",
        "disposition",
        "format",
        "session_id",
        "query_tags",
    }
)
# What the SQL connector sends besides, and what changes nothing about an answer.
_IDLE = frozenset({"result_compression", "max_rows", "can_read_arrow_result", "can_decompress_lz4_result"})
_SECONDS = re.compile(r"(\d+)s")
_LEAST_WAIT, _MOST_WAIT = 5, 50
_MOST_TEXT = 16 * 1024 * 1024
_CHOICES = {
    "on_wait_timeout": ("CONTINUE", "CANCEL"),
    "disposition": ("INLINE", "EXTERNAL_LINKS"),
    "format": ("JSON_ARRAY", "CSV", "ARROW_STREAM"),
}


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A value for a parameter marker of the statement."""

    name: str | None
    """None: by position."""
    value: str | None
    type: str


@dataclass(frozen=True, kw_only=True)
class Submission:
    """A statement and how it is to be run."""

    statement: str
    warehouse: str
    catalog: str | None
    schema: str | None
    parameters: tuple[Parameter, ...]
    wait: float
    """Seconds to wait for the end."""
    cancels: bool
    """Whether it is cancelled when that time is over."""
    row_limit: int | None
    byte_limit: int | None
    external: bool
    """Whether the result is fetched by links."""
    format: str
    session: str | None


def read(body: Mapping[str, Any]) -> Submission:
    """A submission from the body of a request.

    Raises:
        Refused: the service would answer 400.
    """
    unknown = sorted(set(body) - _KNOWN - _IDLE)
    if unknown:
        raise invalid(f"Could not parse request object: unknown field {unknown[0]!r}")
    chosen = {name: _choice(body, name) for name in _CHOICES}
    external = chosen["disposition"] == "EXTERNAL_LINKS"
    if not external and chosen["format"] != "JSON_ARRAY":
        raise invalid("INLINE disposition only supports JSON_ARRAY format")
    return Submission(
        statement=_statement(body),
        warehouse=_text(body, "warehouse_id"),
        catalog=body.get("catalog") or None,
        schema=body.get("schema") or None,
        parameters=tuple(
            _parameter(one, named=not body.get("session_id")) for one in body.get("parameters") or []
        ),
        wait=_wait(body),
        cancels=chosen["on_wait_timeout"] == "CANCEL",
        row_limit=_limit(body, "row_limit"),
        byte_limit=_limit(body, "byte_limit"),
        external=external,
        format=chosen["format"],
        session=body.get("session_id") or None,
    )


def _statement(body: Mapping[str, Any]) -> str:
    text = _text(body, "statement")
    if len(text) > _MOST_TEXT:
        raise invalid(f"The SQL statement text exceeds the maximum of {_MOST_TEXT} bytes")
    return text


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value.strip():
        raise invalid(f"Missing required field: {name}")
    return value


def _choice(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name) or _CHOICES[name][0]
    if value not in _CHOICES[name]:
        raise invalid(f"{name} expects one of {', '.join(_CHOICES[name])}, found {value!r}")
    return str(value)


def _wait(body: Mapping[str, Any]) -> float:
    written = body.get("wait_timeout") or "10s"
    match = _SECONDS.fullmatch(str(written))
    seconds = int(match[1]) if match else -1
    if seconds and not _LEAST_WAIT <= seconds <= _MOST_WAIT:
        raise invalid(f"wait_timeout expects 0s, or from {_LEAST_WAIT}s to {_MOST_WAIT}s, found {written!r}")
    return float(seconds)


def _limit(body: Mapping[str, Any], name: str) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise invalid(f"{name} expects a number above 0, found {value!r}")
    return value


def _parameter(given: Any, *, named: bool) -> Parameter:
    if not isinstance(given, dict):
        raise invalid("parameters expects a list of objects with name, value and type")
    name, value = given.get("name"), given.get("value")
    if value is not None and not isinstance(value, str):
        raise invalid(f"The value of the parameter {name!r} expects a string, found {type(value).__name__}")
    # Only in a session may a value belong to a marker by its position.
    if not name and named:
        raise invalid("Missing required field: parameters.name")
    return Parameter(name=name or None, value=value, type=str(given.get("type") or "STRING"))
