"""The roles of a tested database: an owner that is no superuser, and the application's own role."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seatrial.errors import TemplateError
from seatrial.postgres.isolation.triggers.names import SCHEMA
from seatrial.postgres.sql import identifier, literal

if TYPE_CHECKING:
    import psycopg

    from seatrial.postgres.cluster import Cluster

_OURS = "made by seatrial for tests"


def create_roles(connection: psycopg.Connection[Any], cluster: Cluster) -> None:
    """Create the owner and the application's role, or refresh the passwords of those we made before."""
    if cluster.superuser:
        _ensure(connection, cluster.owner.user, cluster.owner.password, "CREATEROLE")
    if cluster.app.user != cluster.owner.user:
        _ensure(connection, cluster.app.user, cluster.app.password, "")


def _ensure(connection: psycopg.Connection[Any], name: str, password: str, rights: str) -> None:
    row = connection.execute(
        "select shobj_description(oid, 'pg_authid') from pg_roles where rolname = %s", [name]
    ).fetchone()
    if row is not None and row[0] != _OURS:
        raise TemplateError(
            f"the role {name!r} exists on this server and was not made by seatrial",
            code="template.role-taken",
            remedy="choose another name for tool.seatrial.database.app_role, or use the embedded server",
        )
    quoted, secret = identifier(name), literal(password)
    if row is not None:
        connection.execute(f"ALTER ROLE {quoted} PASSWORD {secret}".encode())
        return
    import psycopg  # noqa: PLC0415 - an extra; loaded only when a server is used

    try:
        # No superuser and no right to bypass row-level security: what CREATE ROLE gives by itself.
        connection.execute(f"CREATE ROLE {quoted} LOGIN {rights} PASSWORD {secret}".encode())
    except psycopg.errors.InsufficientPrivilege:
        user = connection.info.user
        raise TemplateError(
            f"the role {user!r} of the named server may not create the role {name!r}",
            code="template.no-createrole",
            remedy=f"as an administrator of that server: ALTER ROLE {identifier(user)} CREATEROLE; or leave "
            "tool.seatrial.database.app_role out",
        ) from None
    connection.execute(f"COMMENT ON ROLE {quoted} IS {literal(_OURS)}".encode())


_GRANTED = """
select exists (
  select from pg_class c, aclexplode(c.relacl) a
  where c.relkind in ('r', 'p', 'v', 'm', 'f') and a.grantee = %s::regrole
  union all
  select from pg_namespace n, aclexplode(n.nspacl) a where a.grantee = %s::regrole
)"""

_SCHEMAS = """
select nspname from pg_namespace
where nspname not in ('pg_catalog', 'information_schema', %s) and nspname not like 'pg\\_%%'
"""


def grant_to_app(connection: psycopg.Connection[Any], cluster: Cluster) -> None:
    """Let the application's role read and write every table, unless the migrations grant rights."""
    if cluster.app.user == cluster.owner.user:
        return
    role = identifier(cluster.app.user)
    row = connection.execute(_GRANTED, [role, role]).fetchone()
    if row is not None and row[0]:
        return
    for (schema,) in connection.execute(_SCHEMAS, [SCHEMA]).fetchall():
        name = identifier(schema)
        for statement in (
            f"GRANT USAGE ON SCHEMA {name} TO {role}",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {name} TO {role}",
            f"GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA {name} TO {role}",
            f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {name} TO {role}",
        ):
            connection.execute(statement.encode())
