"""Read `[tool.seatrial.audit]`."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from seatrial.config.settings import AuditSettings, Survivor

if TYPE_CHECKING:
    from seatrial.config.table import Table


def load_audit(table: Table | None) -> AuditSettings:
    """Return what mutants of the schema may live, and which tests compare schemas."""
    if table is None:
        return AuditSettings()
    table.only(*(field.name for field in fields(AuditSettings)))
    return AuditSettings(
        survivors=tuple(_survivor(row) for row in table.rows("survivors")),
        compare_schemas=table.texts("compare_schemas"),
    )


def _survivor(row: Table) -> Survivor:
    row.only(*(field.name for field in fields(Survivor)))
    return Survivor(
        mutant=row.required_text("mutant"),
        reason=row.required_text("reason"),
        owner=row.required_text("owner"),
        until=row.day("until"),
    )
