"""The tables that row-level security is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seatrial.checks.asking import OWN
from seatrial.checks.finding import Inapplicable

if TYPE_CHECKING:
    import psycopg

    from seatrial.checks.ground import Ground

_TABLES = """
select own.oid::int8, own.name, c.relrowsecurity, c.relforcerowsecurity, own.relispartition,
  (select count(*) from pg_policy p where p.polrelid = own.oid), pg_get_userbyid(c.relowner)::text,
  exists (select from pg_attribute a where a.attrelid = own.oid and a.attname = %s and not a.attisdropped)
from own join pg_class c on c.oid = own.oid
order by own.name
"""


@dataclass(frozen=True)
class Protected:
    """A table whose rows belong to somebody.

    Attributes:
        oid: its identifier.
        name: as people write it.
        enabled: whether row-level security is on.
        forced: whether it holds for the owner too.
        is_partition: whether it is a partition of another table.
        policies: how many it has.
        owner: the role that owns it.
        has_tenant: whether it has the column that `checks.rls.tenant_column` names.
    """

    oid: int
    name: str
    enabled: bool
    forced: bool
    is_partition: bool
    policies: int
    owner: str
    has_tenant: bool


def protected_tables(ground: Ground, connection: psycopg.Connection[Any]) -> list[Protected]:
    """The tables with the tenant's column, with policies, or with row-level security switched on.

    Raises:
        Inapplicable: there is none.
    """
    column = ground.settings.checks.rls.tenant_column
    rows = connection.execute((OWN + _TABLES).encode(), [column]).fetchall()
    found = [
        table for row in rows if (table := Protected(*row)).has_tenant or table.enabled or table.policies
    ]
    if not found:
        named = (
            f", and none has a column {column!r}" if column else "; checks.rls.tenant_column names no column"
        )
        raise Inapplicable(f"no table has row-level security{named}")
    return found
