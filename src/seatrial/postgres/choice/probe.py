"""Rule 4: connect to a target that passed the static rules, and look without touching."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from seatrial.postgres.choice.refusal import PROBE, Refusal
from seatrial.postgres.choice.target import ServerFacts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    import psycopg

    from seatrial.postgres.choice.target import Mode, Target

OLDEST_VERSION = 130000
_CONNECT_TIMEOUT_S = 5
_QUERY_TIMEOUT_MS = 10_000
_ENVIRONMENT = threading.Lock()

_ROLE = """
select pg_catalog.current_setting('server_version_num')::int, pg_catalog.current_database()::text,
       r.rolsuper, r.rolcreatedb, r.rolcreaterole,
       pg_catalog.pg_has_role(r.oid, d.datdba, 'MEMBER'), pg_catalog.pg_is_in_recovery(),
       d.oid::bigint, coalesce(pg_catalog.shobj_description(d.oid, 'pg_database'), '')
from pg_catalog.pg_roles r, pg_catalog.pg_database d
where r.rolname = current_user and d.datname = pg_catalog.current_database()
"""

# What an extension brought is not the user's. Row, array and multirange types come with something counted.
_USER_OBJECTS = """
with schemas as (
  select oid from pg_catalog.pg_namespace
  where nspname not in ('pg_catalog', 'information_schema') and nspname !~ '^pg_(toast|temp)'
), objects as (
  select 'pg_catalog.pg_class'::regclass as kind, oid from pg_catalog.pg_class
  where relnamespace in (select oid from schemas) and relkind in ('r', 'p', 'v', 'm', 'S', 'f')
  union all
  select 'pg_catalog.pg_proc'::regclass, oid from pg_catalog.pg_proc
  where pronamespace in (select oid from schemas)
  union all
  select 'pg_catalog.pg_type'::regclass, t.oid
  from pg_catalog.pg_type t left join pg_catalog.pg_class c on c.oid = t.typrelid
  where t.typnamespace in (select oid from schemas)
    and (t.typtype in ('d', 'e', 'r') or (t.typtype = 'c' and c.relkind = 'c')
         or (t.typtype = 'b' and not exists (select from pg_catalog.pg_type e where e.typarray = t.oid)))
)
select exists (select from pg_catalog.pg_largeobject_metadata) or exists (
  select from objects o where not exists (
    select from pg_catalog.pg_depend d
    where d.classid = o.kind and d.objid = o.oid and d.deptype = 'e'))
"""

_EXTENSIONS = "select name::text, default_version from pg_catalog.pg_available_extensions"


def marker_text(database: str, oid: int) -> str:
    """The marker inside a database: bound to name and number, so that a renamed or restored one loses it."""
    return f'[seatrial may erase "{database}", oid {oid}]'


def connect(target: Target, *, database: str | None = None) -> psycopg.Connection[tuple[Any, ...]]:
    """Connect with the target's parts and nothing else: no PG* variable of this process has a say.

    Raises:
        Refusal: psycopg is not installed.
        psycopg.Error: the server does not answer, or does not let us in.
    """
    parts = target.conninfo() | ({"dbname": database} if database else {})
    driver = _psycopg()
    with _without_libpq_variables():
        connection: psycopg.Connection[tuple[Any, ...]] = driver.connect(
            "", connect_timeout=_CONNECT_TIMEOUT_S, application_name="seatrial", **parts
        )
    return connection


def _psycopg() -> ModuleType:
    try:
        import psycopg  # noqa: PLC0415 -- 0.2 s that only a run with an external target pays
    except ImportError:
        why = "that psycopg, which has to look at the target, is not installed"
        raise Refusal(PROBE, why, remedy='Run pip install "seatrial[postgres]".') from None
    return psycopg


@contextmanager
def _without_libpq_variables() -> Iterator[None]:
    """Empty strings cannot switch PGSERVICE off, so the variables are away while libpq reads them."""
    with _ENVIRONMENT:
        away = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("PG")}
        try:
            yield
        finally:
            os.environ.update(away)


def look(connection: psycopg.Connection[tuple[Any, ...]]) -> ServerFacts:
    """Read the facts in one read-only transaction.

    Raises:
        psycopg.Error: a query failed or took longer than 10 s.
    """
    connection.read_only = True
    with connection.transaction():
        connection.execute(f"set local statement_timeout = {_QUERY_TIMEOUT_MS}".encode())
        row = connection.execute(_ROLE).fetchone() or ()
        version, database, superuser, create_databases, create_roles, owner, in_recovery, oid, comment = row
        used = connection.execute(_USER_OBJECTS).fetchone() or (True,)
        extensions = dict(connection.execute(_EXTENSIONS).fetchall())
    connection.read_only = None
    return ServerFacts(
        version=version,
        connected_to=database,
        superuser=superuser,
        create_databases=superuser or create_databases,
        create_roles=superuser or create_roles,
        owner=superuser or owner,
        in_recovery=in_recovery,
        empty=not used[0],
        marked=marker_text(database, oid) in comment,
        extensions=extensions,
    )


def probe(target: Target) -> tuple[Mode, ServerFacts]:
    """Look at a target, and say in which way it is safe.

    Raises:
        Refusal: it cannot be reached, or it is not safe.
    """
    facts = look_at(target)
    if facts.version < OLDEST_VERSION:
        raise Refusal(PROBE, f"a server of version {facts.version // 10000}; 13 is the oldest that works")
    if facts.in_recovery:
        raise Refusal(PROBE, f"{target.place} is a standby, which nobody can write to")
    if facts.create_databases:
        return "own-databases", facts
    if facts.marked or (facts.empty and facts.owner):
        return "named", facts
    if facts.empty:
        raise Refusal(
            PROBE,
            f"{target.safe_description} is empty, but the role does not own it and may create no other",
            remedy=f'Make "{target.user}" the owner of the database, or give it CREATEDB.',
        )
    raise Refusal(
        PROBE,
        f"{target.safe_description} holds objects and no marker, and the role may create no other database",
        markable=True,
        erases=True,
    )


def look_at(target: Target) -> ServerFacts:
    """Connect and look; where the named database does not exist yet, at `postgres` beside it.

    Raises:
        Refusal: the server cannot be reached, or does not let us in.
    """
    driver = _psycopg()
    first: psycopg.Error | None = None
    for database in (target.database, "postgres"):
        try:
            with connect(target, database=database) as connection:
                facts = look(connection)
        except driver.Error as error:
            first = first or error
            continue
        if first is None or facts.create_databases:
            return facts
    why = " ".join(str(first).split())
    raise Refusal(PROBE, f"{target.safe_description} cannot be used: {why}", remedy="Correct the address.")
