"""Questions to the catalogue of a finished database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seatrial.checks.finding import Inapplicable
from seatrial.postgres.sql import OWN_SCHEMAS
from seatrial.postgres.template.verify import IS_VERSION_TABLE

if TYPE_CHECKING:
    from seatrial.checks.ground import Ground

OWN = f"""
with own as materialized (
  select c.oid, c.relkind, c.relispartition,
    case when n.nspname = 'public' then '' else quote_ident(n.nspname) || '.' end
      || quote_ident(c.relname) as name
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and n.nspname !~ '^pg_'
    and n.nspname <> 'information_schema' and n.nspname not in {OWN_SCHEMAS}
    and not exists (select from pg_depend d
                    where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
    and not {IS_VERSION_TABLE})
"""  # noqa: S608 - put together from constants
"""Begins a question about the project's tables: not those of extensions, nor Alembic's; see `ask`."""


def ask(ground: Ground, question: str) -> list[tuple[Any, ...]]:
    """Answer a question about the template, asked of a copy of it.

    Args:
        ground: the server.
        question: a SELECT, in which `own` holds the project's tables: `oid`, `relkind`, `relispartition` and
            `name`, as people write it.

    Raises:
        Inapplicable: there is not one table.
    """
    with ground.copy() as scratch, scratch.connect() as connection:
        tables = connection.execute((OWN + "select count(*) from own").encode()).fetchone()  # noqa: S608 - constants
        if not tables or not tables[0]:
            raise Inapplicable("the database has no table")
        return connection.execute((OWN + question).encode()).fetchall()
