"""Row-level security: what an agent may read and write, and that it applies to this connection at all."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncSession

ROLE = "plant_app"
"""The role the application connects as. It owns nothing."""
SETTING = "app.current_agent_id"
"""The setting of a transaction that names the agent it works for."""

# What was set for one transaction is empty after it, not absent: nobody is the agent of that name.
_AGENT = f"NULLIF(current_setting('{SETTING}', true), '')"
_OWN = f"governance_agent_id = {_AGENT}"


class UnrestrictedRoleError(Exception):
    """The connection's role is above row-level security, which then protects nothing."""


def statements(table: str) -> Iterator[str]:
    """What puts row-level security on a table of entities."""
    if table == "base_entity":
        readable, own = f"{_OWN} OR status = 'active'", _OWN
    else:
        # What may be seen of base_entity here is what its own policy shows.
        base = f"EXISTS (SELECT FROM base_entity b WHERE b.id = {table}.id"
        readable, own = f"{base})", f"{base} AND b.{_OWN})"
    yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    yield f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"
    yield f"CREATE POLICY {table}_read ON {table} FOR SELECT USING ({readable})"
    yield f"CREATE POLICY {table}_insert ON {table} FOR INSERT WITH CHECK ({own})"
    yield f"CREATE POLICY {table}_update ON {table} FOR UPDATE USING ({own}) WITH CHECK ({own})"
    yield f"GRANT SELECT, INSERT, UPDATE ON {table} TO {ROLE}"


def name_agent(connection: Connection, agent_id: str) -> None:
    """Say for whom the rest of the transaction works; the setting ends with it."""
    connection.execute(text("SELECT set_config(:name, :agent, true)"), {"name": SETTING, "agent": agent_id})


@dataclass(frozen=True)
class RoleFacts:
    """What decides whether row-level security applies to a role."""

    name: str
    superuser: bool
    bypasses: bool
    owns: bool


_FACTS = text(
    "SELECT rolname, rolsuper, rolbypassrls, EXISTS ("
    "  SELECT FROM pg_class c WHERE c.oid = 'base_entity'::regclass AND pg_has_role(c.relowner, 'MEMBER')"
    ") FROM pg_roles WHERE rolname = current_user"
)


async def require_restricted_role(session: AsyncSession) -> RoleFacts:
    """Refuse a role to which row-level security does not apply.

    Raises:
        UnrestrictedRoleError: it is a superuser, bypasses row-level security, or owns the tables.
    """
    facts = RoleFacts(*(await session.execute(_FACTS)).one())
    for above, why in (
        (facts.superuser, "is a superuser"),
        (facts.bypasses, "has BYPASSRLS"),
        (facts.owns, "owns the tables, so it may switch row-level security off"),
    ):
        if above:
            message = f"the role {facts.name!r} {why}; connect as {ROLE!r}"
            raise UnrestrictedRoleError(message)
    return facts
