"""Creating, changing and removing catalogs, schemas and tables over the API."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from seatrial.fakes.databricks import names, paging
from seatrial.fakes.databricks.refusals import Refused, invalid, lacking
from seatrial.fakes.databricks.unity.access import demand, demand_way, owns
from seatrial.fakes.databricks.unity.objects import Catalog, Schema, Table, default_schema

if TYPE_CHECKING:
    from seatrial.fakes.databricks.asking import Asking

DEFAULT = "default"
"""The schema that comes and goes with its catalog."""
_CHANGEABLE = ("comment", "owner", "properties")


def create_catalog(asking: Asking) -> Any:
    """`POST /catalogs`; for administrators of the metastore."""
    name = _name(asking)
    if not asking.caller.admin:
        raise lacking("CREATE_CATALOG", "metastore", "seatrial")
    made = Catalog(full_name=name, **_told(asking))
    asking.state.store.add(made)
    asking.state.store.add(default_schema(made))
    asking.fake.data.create_catalog(name)
    return made.json()


def create_schema(asking: Asking) -> Any:
    """`POST /schemas`."""
    catalog = names.canonical(_text(asking, "catalog_name"))
    name = _name(asking)
    asking.state.store.find(catalog, Catalog)
    demand_way(asking.state, asking.caller, catalog)
    demand(asking.state, asking.caller, catalog, "CREATE_SCHEMA")
    made = Schema(full_name=f"{catalog}.{name}", **_told(asking))
    asking.state.store.add(made)
    asking.fake.data.create_schema(catalog, name)
    return made.json()


def change(asking: Asking) -> Any:
    """`PATCH /catalogs/{name}`, `/schemas/{name}`: comment, owner and properties; for owners."""
    full = names.canonical(asking.params["name"])
    found = asking.state.store.parent(full)
    _demand_owner(asking, full)
    changes = {key: value for key, value in asking.body.items() if key in _CHANGEABLE}
    rest = sorted(set(asking.body) - set(_CHANGEABLE) - {"name"})
    if rest:
        raise asking.unserved(f"with {', '.join(rest)}")
    return asking.state.store.change(found.full_name, **changes).json()


def delete(asking: Asking) -> Any:
    """`DELETE /catalogs/{name}`, `/schemas/{name}`: empty ones, all with `force=true`; for owners."""
    full = names.canonical(asking.params["name"])
    found = asking.state.store.parent(full)
    _demand_owner(asking, full)
    inside = [one for one in asking.state.store if one.above == full and one.name != DEFAULT]
    if inside and paging.first(asking.request, "force") != "true":
        raise Refused(f"{found.described} is not empty.", status=400, code=found.code("NOT_EMPTY"))
    asking.fake.drop(full)
    return {}


def delete_table(asking: Asking) -> Any:
    """`DELETE /tables/{full_name}`; for owners."""
    full = names.canonical(asking.params["name"])
    asking.state.store.find(full, Table)
    demand_way(asking.state, asking.caller, full.rpartition(".")[0])
    _demand_owner(asking, full)
    asking.fake.drop(full)
    return {}


def _demand_owner(asking: Asking, full: str) -> None:
    if not owns(asking.state, asking.caller, full) and not asking.state.grants.allows(
        full, asking.caller.principals, "MANAGE"
    ):
        raise lacking("MANAGE", ("Catalog", "Schema", "Table")[full.count(".")], full)


def _told(asking: Asking) -> dict[str, Any]:
    return {
        "owner": asking.caller.name,
        "created": time.time(),
        "comment": asking.body.get("comment"),
        "properties": asking.body.get("properties") or {},
    }


def _name(asking: Asking) -> str:
    name = _text(asking, "name")
    why = names.problem(name)
    if why is not None:
        raise invalid(f"Invalid name {name!r}: {why}")
    return name.lower()


def _text(asking: Asking, field: str) -> str:
    value = asking.body.get(field)
    if not isinstance(value, str) or not value:
        raise invalid(f"Missing required field: {field}")
    return value
