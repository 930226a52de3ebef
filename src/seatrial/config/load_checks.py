"""Read `[tool.seatrial.checks]`."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from seatrial.config.settings import (
    Accepted,
    AuditTrail,
    CheckSettings,
    MigrationChecks,
    PoolChecks,
    QueryChecks,
    RlsChecks,
)

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
        audit=tuple(_trail(row) for row in _one_or_more(table, "audit")),
        queries=_queries(table.table("queries")),
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


def _one_or_more(table: Table, key: str) -> list[Table]:
    """The tables of a list, or the one table that stands in its place."""
    if isinstance(table.free().get(key), list):
        return table.rows(key)
    single = table.table(key)
    return [] if single is None else [single]


def _trail(row: Table) -> AuditTrail:
    row.only(*(field.name for field in fields(AuditTrail)))
    return AuditTrail(
        table=row.required_text("table"),
        order=row.text("order"),
        previous=row.text("previous"),
        hash=row.text("hash"),
        chain=row.texts("chain"),
        append=_callable(row, "append"),
        verify=_callable(row, "verify"),
    )


def _callable(row: Table, key: str) -> str | None:
    """A reference, or a statement: no reference has a blank in it."""
    value = row.text(key)
    if value is not None and not any(letter.isspace() for letter in value.strip()):
        row.check_reference(key, value, form="module:function, or a statement")
    return value


def _queries(table: Table | None) -> QueryChecks:
    if table is None:
        return QueryChecks()
    table.only(*(field.name for field in fields(QueryChecks)))
    return QueryChecks(rows=table.reference("rows"), openapi=table.text("openapi"))


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
