"""SQL warehouses: what statements run on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal
from zlib import crc32

from seatrial.fakes.databricks.refusals import Refused

if TYPE_CHECKING:
    from seatrial.fakes.databricks.asking import Asking

WarehouseState = Literal["RUNNING", "STOPPED"]


@dataclass(frozen=True, kw_only=True)
class Warehouse:
    """A warehouse. One that is stopped starts by itself when a statement comes, as the service's do."""

    id: str
    name: str
    state: WarehouseState = "RUNNING"
    size: str = "2X-Small"
    creator: str = ""

    def json(self, *, host: str) -> dict[str, Any]:
        """As the API describes it."""
        return {
            "id": self.id,
            "name": self.name,
            "state": self.state,
            "cluster_size": self.size,
            "creator_name": self.creator,
            "warehouse_type": "PRO",
            "enable_serverless_compute": True,
            "enable_photon": True,
            "auto_stop_mins": 10,
            "min_num_clusters": 1,
            "max_num_clusters": 1,
            "num_clusters": int(self.state == "RUNNING"),
            "num_active_sessions": 0,
            "health": {"status": "HEALTHY"},
            "odbc_params": {
                "hostname": host.partition(":")[0],
                "path": f"/sql/1.0/warehouses/{self.id}",
                "port": int(host.partition(":")[2] or 443),
                "protocol": "https",
            },
        }


def warehouse_id(name: str) -> str:
    """The id of a warehouse, the same in each run."""
    return f"{crc32(name.encode()):08x}{crc32(name[::-1].encode()):08x}"


def list_warehouses(asking: Asking) -> Any:
    """`GET /api/2.0/sql/warehouses`."""
    host = asking.request.headers.get("host", "")
    found = [warehouse.json(host=host) for warehouse in asking.state.warehouses.values()]
    return {"warehouses": found} if found else {}


def get_warehouse(asking: Asking) -> Any:
    """`GET /api/2.0/sql/warehouses/{id}`."""
    return find(asking, asking.params["id"]).json(host=asking.request.headers.get("host", ""))


def start_warehouse(asking: Asking) -> Any:
    """`POST /api/2.0/sql/warehouses/{id}/start`."""
    return _become(asking, "RUNNING")


def stop_warehouse(asking: Asking) -> Any:
    """`POST /api/2.0/sql/warehouses/{id}/stop`."""
    return _become(asking, "STOPPED")


def find(asking: Asking, identifier: str) -> Warehouse:
    """The warehouse with this id.

    Raises:
        Refused: there is none.
    """
    found = asking.state.warehouses.get(identifier)
    if found is None:
        message = f"SQL warehouse {identifier} does not exist at all in the workspace."
        raise Refused(message, status=404, code="RESOURCE_DOES_NOT_EXIST")
    return found


def _become(asking: Asking, state: WarehouseState) -> Any:
    found = find(asking, asking.params["id"])
    asking.state.warehouses[found.id] = replace(found, state=state)
    return {}
