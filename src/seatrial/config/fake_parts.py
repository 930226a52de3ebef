"""The placeholders that only some kinds of fakes have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LAKEBASE_PARTS = ("lakebase.host", "lakebase.port")


def workspace_parts(table: Mapping[str, Any]) -> Iterator[str]:
    """What follows `fakes.<name>.` for a fake of the kind `databricks`.

    Args:
        table: its table in the settings.
    """
    yield "config_file"
    yield from (f"tokens.{label}" for label in _labels(table, "users"))
    for label in _labels(table, "service_principals"):
        yield f"client_ids.{label}"
        yield f"client_secrets.{label}"
    if table.get("lakebase"):
        yield from LAKEBASE_PARTS


def _labels(table: Mapping[str, Any], key: str) -> list[str]:
    # What is no table is told by the fake itself.
    declared = table.get(key)
    return list(declared) if isinstance(declared, dict) else []
