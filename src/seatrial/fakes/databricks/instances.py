"""Lakebase over the API: database instances, and the tokens that are their passwords."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from seatrial.fakes.databricks.lakebase.access import HOST
from seatrial.fakes.databricks.people.tokens import HOUR_S
from seatrial.fakes.databricks.refusals import invalid, missing

if TYPE_CHECKING:
    from seatrial.fakes.databricks.asking import Asking


@dataclass(frozen=True, kw_only=True)
class Instance:
    """A database instance; in Lakebase Autoscaling an endpoint of a branch of a project."""

    name: str
    creator: str
    created: float

    def json(self, *, host: str) -> dict[str, Any]:
        """As the API describes it."""
        return {
            "name": self.name,
            "uid": str(uuid.uuid5(uuid.NAMESPACE_URL, f"seatrial:instance:{self.name}")),
            "state": "AVAILABLE",
            "capacity": "CU_1",
            "effective_capacity": "CU_1",
            "node_count": 1,
            "pg_version": "PG_VERSION_16",
            "read_write_dns": host,
            "creator": self.creator,
            "creation_time": written(self.created),
            "stopped": False,
            "effective_stopped": False,
        }


def list_instances(asking: Asking) -> Any:
    """`GET /api/2.0/database/instances`."""
    found = [one.json(host=HOST) for one in asking.state.instances.values()]
    return {"database_instances": found} if found else {}


def get_instance(asking: Asking) -> Any:
    """`GET /api/2.0/database/instances/{name}`."""
    found = asking.state.instances.get(asking.params["name"])
    if found is None:
        raise missing(f"Database instance '{asking.params['name']}'", code="NOT_FOUND")
    return found.json(host=HOST)


def issue_credential(asking: Asking) -> Any:
    """`POST /api/2.0/database/credentials`: a token for these instances, valid for an hour."""
    names = asking.body.get("instance_names")
    if not isinstance(names, list) or not names:
        raise invalid("Missing required field: instance_names")
    for name in names:
        if name not in asking.state.instances:
            raise missing(f"Database instance '{name}'", code="NOT_FOUND")
    text, expires = _issue(asking, tuple(names))
    return {"token": text, "expiration_time": expires}


def issue_endpoint_credential(asking: Asking) -> Any:
    """`POST /api/2.0/postgres/credentials`: the same for an endpoint of Lakebase Autoscaling."""
    endpoint = asking.body.get("endpoint")
    if not isinstance(endpoint, str) or not endpoint:
        raise invalid("Missing required field: endpoint")
    if endpoint not in asking.state.instances:
        raise missing(f"Endpoint '{endpoint}'", code="NOT_FOUND")
    text, expires = _issue(asking, (endpoint,))
    return {"token": text, "expire_time": expires}


def _issue(asking: Asking, names: tuple[str, ...]) -> tuple[str, str]:
    tokens = asking.state.tokens
    text = tokens.issue(asking.caller.name, kind="database", expires_in=HOUR_S, instances=names)
    made = tokens.find(text)
    return text, written(made.expires if made is not None and made.expires is not None else 0.0)


def written(seconds: float) -> str:
    """A moment as the API writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
