"""Whether the application can do anything to an audit trail but add to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seatrial.checks.audit.attempts import Attacker
from seatrial.checks.audit.filling import append_rows, count_rows, oversee, plant_rows, see_all
from seatrial.checks.audit.surroundings import surroundings
from seatrial.checks.audit.trails import trails_of
from seatrial.checks.audit.ways import ways_round
from seatrial.checks.finding import Finding, Note
from seatrial.checks.making.tables import read_tables
from seatrial.checks.rls.policies.rules import policies_of
from seatrial.checks.rls.policies.worlds import worlds_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from seatrial.checks.audit.surroundings import Surroundings
    from seatrial.checks.audit.trails import Trail
    from seatrial.checks.ground import Ground, Scratch


def append_only(ground: Ground) -> Iterator[Finding | Note]:
    """The application can add rows to an audit trail, and neither change nor remove any, by no way.

    As the application's role, in its own session, every command is tried on rows: UPDATE of each column,
    DELETE, TRUNCATE, through partitions, views, rows that are referred to and roles it may take; and what an
    owner would do: switch triggers and policies off, grant itself rights, `session_replication_role`.
    """
    with ground.copy() as scratch, oversee(ground, scratch) as admin:
        for trail in trails_of(ground, admin):
            see_all(ground, admin, trail.table)
            yield from _on_one(ground, scratch, admin, trail)


def _on_one(
    ground: Ground, scratch: Scratch, admin: psycopg.Connection[Any], trail: Trail
) -> Iterator[Finding | Note]:
    user, table = ground.cluster.app.user, trail.table
    around = surroundings(admin, table, app=user)
    if around.is_superuser:
        yield Finding(
            where=f"role {user}",
            what=f"expected a role that can be kept from changing {table.name}, found a superuser",
            remedy="connect as a role of the application's own: app_role under [tool.seatrial.database]",
        )
        return
    yield from append_rows(ground, scratch, trail, count=1)
    if not trail.settings.append and not around.may_insert:
        yield Note(
            f"{table.name}: {user} may not INSERT, and no append is named: that it grows was not tried"
        )
    # What the application appends may refer to nothing, and so show no cascade.
    why = plant_rows(admin, trail) if around.referred or not count_rows(admin, table) else ""
    if why and not count_rows(admin, table):
        yield Finding(
            where=table.name,
            what=f"expected a row to try to change; none could be made: {why}",
            remedy=f"name what appends under [{trail.source}]: append, or put a row into the seeds",
        )
        return
    if ground.cluster.superuser:
        _remove_references(admin, around)
    with scratch.connect(login="app") as app:
        yield from ways_round(Attacker.prepared(app, admin, table, _worlds(admin, user)), around, user)


def _remove_references(admin: psycopg.Connection[Any], around: Surroundings) -> None:
    """Rows that refer to these would be in the way of a DELETE, and are no protection."""
    admin.execute("set session_replication_role = replica")
    for name in around.referring:
        admin.execute(f"delete from {name}".encode())  # noqa: S608 - as the catalogue quotes it
    admin.execute("reset session_replication_role")


def _worlds(admin: psycopg.Connection[Any], user: str) -> list[dict[str, str]]:
    tables = read_tables(admin)
    return worlds_of(admin, [(table, policies_of(admin, table.oid, app=user)) for table in tables])
