"""What every policy lets through, and what it stops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seatrial.checks.finding import Finding, Note
from seatrial.checks.making.planting import plant
from seatrial.checks.making.tables import read_tables
from seatrial.checks.rls.policies.probing import Probe
from seatrial.checks.rls.policies.rules import policies_of
from seatrial.checks.rls.policies.sessions import Sessions, Unanswerable
from seatrial.checks.rls.policies.strangers import strangers
from seatrial.checks.rls.policies.worlds import worlds_of
from seatrial.checks.rls.protected import protected_tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import psycopg

    from seatrial.checks.ground import Ground
    from seatrial.checks.making.tables import Table
    from seatrial.checks.rls.policies.rules import Policy
    from seatrial.checks.rls.policies.worlds import World


def policies(ground: Ground) -> Iterator[Finding | Note]:
    """Every policy stops something, and the application can do what the policies say and nothing else.

    For each protected table there are rows: those of the seeds, and two that are made out of the catalogue
    where there are none. For several values of the settings that policies read, every command is tried as
    the application, in its own session: on rows that the policies allow, and on rows that they do not.
    INSERT is tried with and without RETURNING, which also asks whether the new row can be read.
    """
    tenant = ground.settings.checks.rls.tenant_column
    with ground.copy() as scratch, scratch.connect() as admin, scratch.connect(login="app") as app:
        protected = {table.oid for table in protected_tables(ground, admin) if table.policies}
        tables = read_tables(admin)
        failed = plant(admin, tables, only={table.name for table in tables if _is_empty(admin, table)})
        admin.execute("set session_replication_role = replica")
        sessions = Sessions(app=app, admin=admin)
        for table in tables:
            if table.oid not in protected:
                continue
            if why := failed.get(table.name):
                yield _without_rows(table, why)
                continue
            found = policies_of(admin, table.oid, app=ground.cluster.app.user)
            worlds = worlds_of(admin, table, found)
            yield from _open_policies(sessions, table, found, worlds)
            yield from _probed(sessions, table, found, worlds)
            if tenant in {column.name for column in table.columns}:
                yield from strangers(sessions, table, worlds, tenant=str(tenant))


def _is_empty(connection: psycopg.Connection[Any], table: Table) -> bool:
    row = connection.execute(f"select exists (select from {table.quoted})".encode()).fetchone()  # noqa: S608
    return not (row and row[0])


def _without_rows(table: Table, why: str) -> Finding:
    return Finding(
        where=table.name,
        what=f"expected rows to try its policies on; none could be made: {why}",
        remedy="put two rows of different owners into the seeds",
    )


def _open_policies(
    sessions: Sessions, table: Table, found: Sequence[Policy], worlds: Sequence[World]
) -> Iterator[Finding]:
    """Policies that stop none of the rows there are, in any world."""
    for policy in found:
        for part, condition in (("USING", policy.using), ("WITH CHECK", policy.check)):
            if (
                condition is not None
                and policy.is_permissive
                and _stops_nothing(sessions, table, condition, worlds)
            ):
                yield Finding(
                    where=f"{table.name}: policy {policy.name}",
                    what=f"expected that {part} stops a row, found that it lets every one through: "
                    f"{condition}",
                    remedy="compare the row's owner with the session's; one that is open on purpose is "
                    "accepted, with a reason",
                )


def _stops_nothing(sessions: Sessions, table: Table, condition: str, worlds: Sequence[World]) -> bool:
    answered = False
    for world in worlds:
        sessions.enter(world)
        try:
            if sessions.rows_where(table, f"not coalesce(({condition}), false)"):
                return False
        except Unanswerable:
            continue
        answered = True
    return answered


def _probed(
    sessions: Sessions, table: Table, found: Sequence[Policy], worlds: Sequence[World]
) -> Iterator[Finding | Note]:
    tried: set[tuple[str, bool]] = set()
    stopped: set[str] = set()
    told: set[str] = set()
    for world in worlds:
        sessions.enter(world)
        try:
            for finding in Probe(table, found, sessions, world, tried, stopped).run():
                if finding.where not in told:
                    told.add(finding.where)
                    yield finding
        except Unanswerable:
            continue
    yield Note(f"{table.name}: tried {_summary(tried)} with {len(worlds)} sessions")
    for why in sorted(stopped):
        yield Note(f"{table.name}: {why}")


def _summary(tried: set[tuple[str, bool]]) -> str:
    commands = sorted({command for command, _ in tried})
    both = [command for command in commands if {(command, True), (command, False)} <= tried]
    half = [f"{c} ({'allowed' if (c, True) in tried else 'refused'} only)" for c in commands if c not in both]
    return ", ".join([*both, *half]) or "nothing"
