"""Proof that a template is what it claims to be: tables are there, and the revision is the head."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seatrial.errors import TemplateError
from seatrial.postgres.sql import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Collection

    import psycopg

    from seatrial.config.settings import Schema

IS_VERSION_TABLE = """
exists (select from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        having count(*) = 1 and min(a.attname::text) = 'version_num')
"""
"""Whether `c` of pg_class is Alembic's own table, whatever env.py calls it and wherever it lies."""

_TABLES = f"""
select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema')
  and n.nspname not like 'pg\\_%%' and not {IS_VERSION_TABLE}
  and not exists (select from pg_depend d
                  where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
"""  # noqa: S608 - put together from constants


COMMIT = (
    "in env.py wrap `context.run_migrations()` in `with context.begin_transaction():`, and with "
    "an asynchronous engine use `engine.begin()` or call `await connection.commit()`; also "
    "check that env.py takes its URL from `config.get_main_option('sqlalchemy.url')` or from a "
    "variable listed in [tool.seatrial.env], so that it does not migrate another database"
)
"""What to do where migrations report success and the database does not have them."""


def count_tables(connection: psycopg.Connection[Any]) -> int:
    """The number of the project's own tables: those of extensions and Alembic's are not counted."""
    row = connection.execute(_TABLES.encode()).fetchone()
    return int(row[0]) if row else 0


def verify_tables(connection: psycopg.Connection[Any], schema: Schema) -> int:
    """The number of tables.

    Raises:
        TemplateError: a schema was declared and there is not one table.
    """
    tables = count_tables(connection)
    check_tables(tables, schema)
    return tables


def check_tables(tables: int, schema: Schema) -> None:
    """Refuse a template without a table.

    Raises:
        TemplateError: a schema was declared and there is not one table.
    """
    declared = schema.alembic or schema.metadata or schema.command or ", ".join(schema.sql)
    if declared and not tables:
        raise TemplateError(
            f"{declared} ran without an error, and the database has no table",
            code="template.empty-schema",
            remedy="check that the declared schema holds the tables: a metadata object must have its models "
            "imported, a migration chain must create something",
        )


def verify_revision(connection: psycopg.Connection[Any], head: str) -> None:
    """Compare the database's Alembic revision with the head of the scripts.

    Raises:
        TemplateError: the migrations reported success, and the database is not at the head.
    """
    check_revision(head, revisions_in(connection))


def check_revision(head: str, revisions: Collection[str]) -> None:
    """Compare what a database says of its revision with the head of the scripts.

    Raises:
        TemplateError: the migrations reported success, and the database is not at the head.
    """
    if head in revisions:
        return
    found = ", ".join(sorted(revisions)) or "none"
    raise TemplateError(
        f"Alembic reported success, but the database is at revision {found} "
        f"and the head is {head}: what the migrations did was never committed to this database",
        code="template.uncommitted",
        remedy=COMMIT,
    )


def revisions_in(connection: psycopg.Connection[Any]) -> set[str]:
    """What Alembic has written down in a database: one revision, more where branches are."""
    return {
        str(revision)
        for schema, table in version_tables(connection)
        for (revision,) in connection.execute(
            f"select version_num from {identifier(schema)}.{identifier(table)}".encode()  # noqa: S608 - quoted
        )
    }


def version_tables(connection: psycopg.Connection[Any]) -> list[tuple[str, str]]:
    """Schema and name of the tables in which Alembic keeps its revision."""
    return connection.execute(
        "select n.nspname::text, c.relname::text "  # noqa: S608 - put together from constants
        "from pg_class c join pg_namespace n on n.oid = c.relnamespace "
        f"where c.relkind = 'r' and {IS_VERSION_TABLE}".encode()
    ).fetchall()


def clone_statements(connection: psycopg.Connection[Any]) -> tuple[str, ...]:
    """What CREATE DATABASE ... TEMPLATE leaves behind: settings, rights and the limit of connections.

    `{database}` stands for the clone's quoted name.
    """
    settings = connection.execute(
        "select r.rolname, split_part(s, '=', 1), substr(s, strpos(s, '=') + 1) "
        "from pg_db_role_setting d left join pg_roles r on r.oid = d.setrole, unnest(d.setconfig) s "
        "where d.setdatabase = (select oid from pg_database where datname = current_database())"
    ).fetchall()
    statements = []
    for role, name, value in settings:
        whom = f"ROLE {_quoted(role)} IN DATABASE {{database}}" if role else "DATABASE {database}"
        statements.append(f"ALTER {whom} SET {name} TO {_setting(name, value)}")
    grants = connection.execute(
        "select case when a.grantee = 0 then 'PUBLIC' else quote_ident(a.grantee::regrole::text) end, "
        "a.privilege_type from pg_database d, aclexplode(d.datacl) a "
        "where d.datname = current_database() and a.grantee <> d.datdba"
    ).fetchall()
    row = connection.execute(
        "select datacl is not null, datconnlimit from pg_database where datname = current_database()"
    ).fetchone()
    has_rights, limit = row or (False, -1)
    if has_rights:
        statements.append("REVOKE ALL ON DATABASE {database} FROM PUBLIC")
    if limit >= 0:
        statements.append(f"ALTER DATABASE {{database}} CONNECTION LIMIT {limit}")
    statements += [
        f"GRANT {privilege} ON DATABASE {{database}} TO {grantee}" for grantee, privilege in grants
    ]
    return tuple(statements)


# Lists are kept by the server as they were written, one quoted item after the other.
_LISTS = frozenset(
    {"search_path", "temp_tablespaces", "session_preload_libraries", "local_preload_libraries"}
)


def _setting(name: str, value: str) -> str:
    escaped = value.replace("{", "{{").replace("}", "}}")
    return escaped if name in _LISTS else literal(escaped)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""').replace("{", "{{").replace("}", "}}") + '"'
