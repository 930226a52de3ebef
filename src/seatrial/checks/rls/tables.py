"""Row-level security that is switched on, for everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.checks.finding import Finding
from seatrial.checks.rls.protected import protected_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seatrial.checks.finding import Note
    from seatrial.checks.ground import Ground


def tables(ground: Ground) -> Iterator[Finding | Note]:
    """Every table with the tenant's column, or with a policy, has row-level security enabled and forced.

    Not forced, it does not hold for the owner: for migrations, seeds and whatever else connects as such.
    """
    with ground.copy() as scratch, scratch.connect() as connection:
        found = protected_tables(ground, connection)
    for table in found:
        if table.is_partition and not table.enabled:
            yield Finding(
                where=table.name,
                what="expected row-level security on the partition, found none: to read it is to see all",
                remedy=f"ALTER TABLE {table.name} ENABLE ROW LEVEL SECURITY, or revoke the rights on it",
            )
        elif not table.enabled:
            has = f"{table.policies} policies that do nothing" if table.policies else "no policy either"
            yield Finding(
                where=table.name,
                what=f"expected row-level security, found it disabled, and {has}",
                remedy=f"ALTER TABLE {table.name} ENABLE ROW LEVEL SECURITY",
            )
        elif not table.policies and not table.is_partition:
            yield Finding(
                where=table.name,
                what="expected a policy, found none: nobody but its owner sees a row",
                remedy=f"CREATE POLICY ... ON {table.name}",
            )
        if table.enabled and not table.forced:
            yield Finding(
                where=table.name,
                what="expected row-level security that is forced, found that it does not hold for "
                f"{table.owner}",
                remedy=f"ALTER TABLE {table.name} FORCE ROW LEVEL SECURITY",
            )
