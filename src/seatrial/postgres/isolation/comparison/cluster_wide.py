"""What belongs to the whole server, and what it keeps of one database outside of it."""

from __future__ import annotations

from seatrial.postgres.isolation.comparison.sources import Source

_PARAMETER_ACL_SINCE = 150000
_HERE = "(select oid from pg_database where datname = current_database())"


def cluster_sources(*, version: int, superuser: bool) -> list[Source]:
    """Roles, memberships, settings, rights on the database: small, and the same for all its databases.

    Lines are kept: there is no second copy of them to look at when they differ.
    """
    sources = [
        _roles(superuser=superuser),
        _of("memberships of roles", "pg_auth_members", f"{_ROLES}::text || (to_jsonb(r) - 'oid')::text"),
        _of(
            "settings of roles and of the database",
            "pg_db_role_setting",
            "format('%s %s %s', case when r.setdatabase = 0 then 'everywhere' else 'here' end, "
            "case when r.setrole = 0 then 'for all' else r.setrole::regrole::text end, r.setconfig)",
            f"r.setdatabase in (0, {_HERE})",
        ),
        _of(
            "database",
            "pg_database",
            "format('owner %s, limit %s, rights %s, encoding %s, tablespace %s', r.datdba::regrole, "
            "r.datconnlimit, (select array_agg(a order by a::text) from unnest(r.datacl) as a), r.encoding, "
            "r.dattablespace)",
            "r.datname = current_database()",
        ),
        _of("tablespaces", "pg_tablespace", "(r.*)::text"),
        _of(
            "comments on roles and on the database",
            "pg_shdescription",
            "format('%s: %s', case when r.classoid = 'pg_database'::regclass then 'this database' "
            "else pg_describe_object(r.classoid, r.objoid, 0) end, r.description)",
            f"r.classoid <> 'pg_database'::regclass or r.objoid = {_HERE}",
        ),
        _of(
            "prepared transactions",
            "pg_prepared_xacts",
            "format('%s of %s', r.gid, r.owner)",
            "r.database = current_database()",
        ),
    ]
    if version >= _PARAMETER_ACL_SINCE:
        sources.append(_of("rights on settings", "pg_parameter_acl", "(r.*)::text"))
    if superuser:
        sources += [
            _of("subscriptions", "pg_subscription", "(r.*)::text", f"r.subdbid = {_HERE}"),
            _of(
                "settings by ALTER SYSTEM",
                "pg_file_settings",
                "format('%s = %s', r.name, r.setting)",
                "r.sourcefile like '%/postgresql.auto.conf'",
            ),
        ]
    return sources


_ROLES = "format('%s is a member of %s ', r.member::regrole, r.roleid::regrole)"


def _roles(*, superuser: bool) -> Source:
    """Roles with a digest of the password where it can be read."""
    secret = "|| ' password ' || coalesce(md5(r.rolpassword), 'none')" if superuser else ""
    relation = "pg_authid" if superuser else "pg_roles"
    return _of("roles", relation, f"r.rolname || ' ' || (to_jsonb(r) - 'rolpassword')::text {secret}")


def _of(label: str, relation: str, line: str, where: str = "true") -> Source:
    return Source(label=label, relation=f"pg_catalog.{relation}", line=line, where=where, kept=True)
