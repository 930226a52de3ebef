"""What a caller may do with the securables of Unity Catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.fakes.databricks.refusals import lacking
from seatrial.fakes.databricks.unity.privileges import lineage

if TYPE_CHECKING:
    from seatrial.fakes.databricks.people.person import Person
    from seatrial.fakes.databricks.workspace import State

_KINDS = ("Catalog", "Schema", "Table")


def owns(state: State, caller: Person, full: str) -> bool:
    """Whether they administer the metastore, or own this or what it is in."""
    owners = {found.owner for place in lineage(full) if (found := state.store.get(place)) is not None}
    return caller.admin or not owners.isdisjoint(caller.principals)


def may(state: State, caller: Person, full: str, privilege: str) -> bool:
    """Whether they own it, or were granted the privilege on it or on what it is in."""
    return owns(state, caller, full) or state.grants.allows(full, caller.principals, privilege)


def demand(state: State, caller: Person, full: str, privilege: str) -> None:
    """Refuse who lacks a privilege.

    Raises:
        Refused: they lack it.
    """
    if not may(state, caller, full, privilege):
        raise lacking(privilege, _KINDS[full.count(".")], full)


def demand_way(state: State, caller: Person, full: str) -> None:
    """Refuse who cannot get to what lies in this: catalog and schema have to be usable.

    Args:
        state: of the workspace.
        caller: who asks.
        full: the name of a table, of a schema or of a catalog.

    Raises:
        Refused: USE CATALOG or USE SCHEMA is lacking; the first that is, from above.
    """
    parts = full.split(".")
    demand(state, caller, parts[0], "USE_CATALOG")
    if len(parts) > 1:
        demand(state, caller, ".".join(parts[:2]), "USE_SCHEMA")


def sees(state: State, caller: Person, full: str) -> bool:
    """Whether a list that they ask for has it in it."""
    privilege = ("USE_CATALOG", "USE_SCHEMA", "SELECT")[full.count(".")]
    browses = may(state, caller, full.split(".", maxsplit=1)[0], "BROWSE")
    if full.count(".") < 2:  # noqa: PLR2004 - catalogs and schemas
        return browses or may(state, caller, full, privilege)
    way = full.rpartition(".")[0]
    usable = may(state, caller, way.split(".", maxsplit=1)[0], "USE_CATALOG") and may(
        state, caller, way, "USE_SCHEMA"
    )
    return browses or (usable and any(may(state, caller, full, one) for one in (privilege, "MODIFY")))
