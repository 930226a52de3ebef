"""Read `[tool.seatrial.checks]`."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from seatrial.config.settings import Accepted, CheckSettings, MigrationChecks, PoolChecks, RlsChecks

if TYPE_CHECKING:
    from seatrial.config.table import Table


def load_checks(table: Table | None) -> CheckSettings:
    """Return what is checked in every run, and what the checks need to know."""
    if table is None:
        return CheckSettings()
    table.only(*(field.name for field in fields(CheckSettings)))
    return CheckSettings(
        run=table.texts("run"),
        accept=tuple(_accepted(row) for row in table.rows("accept")),
        migrations=_migrations(table.table("migrations")),
        rls=_rls(table.table("rls")),
        pool=_pool(table.table("pool")),
    )


def _accepted(row: Table) -> Accepted:
    row.only(*(field.name for field in fields(Accepted)))
    return Accepted(
        check=row.required_text("check"),
        where=row.required_text("where"),
        reason=row.required_text("reason"),
        until=row.day("until"),
    )


def _migrations(table: Table | None) -> MigrationChecks:
    if table is None:
        return MigrationChecks()
    table.only(*(field.name for field in fields(MigrationChecks)))
    return MigrationChecks(models=table.reference("models"), lint_after=table.text("lint_after"))


def _rls(table: Table | None) -> RlsChecks:
    if table is None:
        return RlsChecks()
    table.only(*(field.name for field in fields(RlsChecks)))
    return RlsChecks(tenant_column=table.text("tenant_column"))


def _pool(table: Table | None) -> PoolChecks:
    if table is None:
        return PoolChecks()
    table.only(*(field.name for field in fields(PoolChecks)))
    return PoolChecks(
        request=table.text("request"),
        user=table.text("user"),
        status=table.integer("status", lowest=400, highest=599) or PoolChecks.status,
        wait=table.integer("wait", lowest=0, highest=3600),
    )
