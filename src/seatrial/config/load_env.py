"""Read `[tool.seatrial.env]`: names and texts, nothing that has to be guessed into text."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from seatrial.config.table import Table, kind


def load_env(table: Table | None) -> dict[str, str]:
    """Return the variables with their templates as written."""
    if table is None:
        return {}
    values = table.free()
    for name, value in values.items():
        if not name or "=" in name or "\0" in name:
            raise table.error(
                name or '""',
                "this cannot be the name of an environment variable.",
                code="settings.bad-value",
                remedy="Use letters, digits and underscores.",
            )
        if not isinstance(value, str):
            raise table.error(
                name,
                f"an environment variable is text, found {kind(value)}.",
                code="settings.wrong-type",
                remedy=f"Write what the application should read: {name} = {_as_text(value)}.",
            )
        if "\0" in value:
            raise table.error(
                name,
                "an environment variable cannot hold a NUL character.",
                code="settings.bad-value",
                remedy="Remove it.",
            )
    return values


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return f'"{str(value).lower()}"'
    if isinstance(value, (int, float)):
        return f'"{value}"'
    if isinstance(value, (date, datetime, time)):
        return f'"{value.isoformat()}"'
    return '\'["a", "b"]\'' if isinstance(value, list) else "'{{\"a\": 1}}'"
