"""Who the application is to the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.checks.finding import Finding
from seatrial.checks.rls.protected import protected_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seatrial.checks.finding import Note
    from seatrial.checks.ground import Ground

_ROLE = """
select rolsuper, rolbypassrls,
  (select string_agg(m.rolname, ', ' order by m.rolname) from pg_roles m
   where (m.rolsuper or m.rolbypassrls) and m.oid <> r.oid and pg_has_role(r.oid, m.oid, 'member'))
from pg_roles r where rolname = %s
"""


def role(ground: Ground) -> Iterator[Finding | Note]:
    """The application's role is bound by row-level security: no superuser, no BYPASSRLS, no owner.

    A suite that connects as one of these proves nothing, and nothing protects an application that does.
    """
    name = ground.cluster.app.user
    with ground.copy() as scratch, scratch.connect() as connection:
        tables = protected_tables(ground, connection)
        found = connection.execute(_ROLE.encode(), [name]).fetchone()
        owned = [
            table.name
            for table in tables
            if (
                row := connection.execute(
                    "select pg_has_role(%s, %s, 'member')", [name, table.owner]
                ).fetchone()
            )
            and row[0]
        ]
    is_super, bypasses, through = found or (False, False, None)
    if is_super or bypasses or through:
        why = "is a superuser" if is_super else "has BYPASSRLS" if bypasses else f"may become {through}"
        yield Finding(
            where=f"role {name}",
            what=f"expected a role that row-level security binds, found one that {why}",
            remedy="connect as a role of the application's own: app_role under [tool.seatrial.database]",
        )
    if owned:
        yield Finding(
            where=f"role {name}",
            what=f"expected that the application does not own what is protected; it owns {', '.join(owned)}, "
            "and so may drop every policy",
            remedy="let migrations run as another role: app_role under [tool.seatrial.database]",
        )
