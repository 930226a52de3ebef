"""Sessions, as the SQL connector opens them before its statements: catalog and schema that are kept."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from seatrial.fakes.databricks.refusals import invalid, missing
from seatrial.fakes.databricks.statements import warehouse

if TYPE_CHECKING:
    from seatrial.fakes.databricks.asking import Asking


def open_session(asking: Asking) -> Any:
    """`POST /api/2.0/sql/sessions`."""
    identifier = asking.body.get("warehouse_id")
    if not isinstance(identifier, str):
        raise invalid("Missing required field: warehouse_id")
    warehouse.find(asking, identifier)
    session = str(uuid.uuid4())
    asking.fake.statements.sessions[session] = Session(
        owner=asking.caller.name, catalog=asking.body.get("catalog"), schema=asking.body.get("schema")
    )
    return {"session_id": session}


def close_session(asking: Asking) -> Any:
    """`DELETE /api/2.0/sql/sessions/{id}`."""
    found = asking.fake.statements.sessions.get(asking.params["id"])
    if found is None or found.owner != asking.caller.name:
        raise missing(f"Session {asking.params['id']}")
    del asking.fake.statements.sessions[asking.params["id"]]
    return {}


class Session:
    """What `USE` has set in one.

    Args:
        owner: the name of whoever opened it.
        catalog: the one that names without a catalog mean; None: the default of the workspace.
        schema: the one that names without a schema mean.
    """

    def __init__(self, *, owner: str, catalog: str | None, schema: str | None) -> None:
        self.owner = owner
        self.catalog = catalog
        self.schema = schema
