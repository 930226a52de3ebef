"""What the role of a named database lacks, all of it at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seatrial.errors import IsolationError
from seatrial.postgres.isolation.triggers import SCHEMA
from seatrial.postgres.template import not_ours

if TYPE_CHECKING:
    import psycopg

_MISSING = """
select 'ownership of the database, which belongs to ' || datdba::regrole
from pg_database where datname = current_database() and not pg_has_role(datdba, 'MEMBER')
union all
select 'CREATE on the database' where not has_database_privilege(current_database(), 'CREATE')
union all
select 'CREATE on the schema public, which belongs to ' || nspowner::regrole
from pg_namespace where nspname = 'public' and not has_schema_privilege(oid, 'CREATE')
union all
select format('ownership of the schema %%I, which belongs to %%s', nspname, nspowner::regrole)
from pg_namespace where nspname = %s and not pg_has_role(nspowner, 'USAGE')
"""


def check_rights(session: psycopg.Connection[Any]) -> None:
    """Look for every right that building and resetting need.

    Raises:
        IsolationError: some are missing; they are listed.
    """
    missing = [str(right) for (right,) in session.execute(_MISSING, [SCHEMA]).fetchall()]
    missing += [f"ownership of the {what}" for what in not_ours(session)]
    if missing:
        raise IsolationError(
            f"the role {session.info.user!r} lacks rights in the database {session.info.dbname!r} that a "
            "reset in place needs",
            code="isolation.rights",
            detail="\n".join(f"  {right}" for right in missing),
            remedy="give it these, or CREATEDB: then every run makes databases of its own",
        )
