"""Lists and details of catalogs, schemas and tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from seatrial.fakes.databricks import paging
from seatrial.fakes.databricks.names import canonical
from seatrial.fakes.databricks.unity.access import demand, demand_way, may, sees
from seatrial.fakes.databricks.unity.objects import Catalog, Schema, Table

if TYPE_CHECKING:
    from seatrial.fakes.databricks.asking import Asking


def list_catalogs(asking: Asking) -> Any:
    """`GET /catalogs`: those that the caller may use, or browse."""
    state = asking.state
    found = [
        one.json() for one in state.store.below(None, Catalog) if sees(state, asking.caller, one.full_name)
    ]
    return _page(asking, found, key="catalogs")


def get_catalog(asking: Asking) -> Any:
    """`GET /catalogs/{name}`."""
    found = asking.state.store.find(canonical(asking.params["name"]), Catalog)
    _demand_sight(asking, found.full_name, "USE_CATALOG")
    return found.json()


def list_schemas(asking: Asking) -> Any:
    """`GET /schemas?catalog_name=`: those that the caller may use."""
    state = asking.state
    catalog = state.store.find(canonical(paging.required(asking.request, "catalog_name")), Catalog)
    _demand_sight(asking, catalog.full_name, "USE_CATALOG")
    below = state.store.below(catalog.full_name, Schema)
    return _page(
        asking, [one.json() for one in below if sees(state, asking.caller, one.full_name)], key="schemas"
    )


def get_schema(asking: Asking) -> Any:
    """`GET /schemas/{full_name}`."""
    found = asking.state.store.find(canonical(asking.params["name"]), Schema)
    demand_way(asking.state, asking.caller, found.full_name.partition(".")[0])
    _demand_sight(asking, found.full_name, "USE_SCHEMA")
    return found.json()


def list_tables(asking: Asking) -> Any:
    """`GET /tables?catalog_name=&schema_name=`: those that the caller may read or change."""
    schema = _schema(asking)
    found = [table.json() for table in _seen(asking, schema)]
    if paging.first(asking.request, "omit_columns") == "true":
        found = [{key: value for key, value in row.items() if key != "columns"} for row in found]
    return _page(asking, found, key="tables")


def get_table(asking: Asking) -> Any:
    """`GET /tables/{full_name}`."""
    found = asking.state.store.find(canonical(asking.params["name"]), Table)
    demand_way(asking.state, asking.caller, found.above or "")
    demand(asking.state, asking.caller, found.full_name, "SELECT")
    return found.json()


def table_exists(asking: Asking) -> Any:
    """`GET /tables/{full_name}/exists`."""
    full = canonical(asking.params["name"])
    catalog, _, _ = full.partition(".")
    asking.state.store.find(catalog, Catalog)
    demand_way(asking.state, asking.caller, full.rpartition(".")[0])
    return {"table_exists": isinstance(asking.state.store.get(full), Table)}


def list_summaries(asking: Asking) -> Any:
    """`GET /table-summaries?catalog_name=`: names and kinds of tables, with patterns for schema and table."""
    state = asking.state
    catalog = state.store.find(canonical(paging.required(asking.request, "catalog_name")), Catalog)
    _demand_sight(asking, catalog.full_name, "USE_CATALOG")
    found = [
        table.summary()
        for schema in state.store.below(catalog.full_name, Schema)
        if _fits(schema.name, paging.first(asking.request, "schema_name_pattern"))
        for table in _seen(asking, schema)
        if _fits(table.name, paging.first(asking.request, "table_name_pattern"))
    ]
    return _page(asking, found, key="tables")


def _schema(asking: Asking) -> Schema:
    catalog = canonical(paging.required(asking.request, "catalog_name"))
    name = canonical(paging.required(asking.request, "schema_name"))
    asking.state.store.find(catalog, Catalog)
    demand_way(asking.state, asking.caller, catalog)
    schema = asking.state.store.find(f"{catalog}.{name}", Schema)
    demand_way(asking.state, asking.caller, schema.full_name)
    return schema


def _seen(asking: Asking, schema: Schema) -> list[Table]:
    state = asking.state
    return [
        one for one in state.store.below(schema.full_name, Table) if sees(state, asking.caller, one.full_name)
    ]


def _demand_sight(asking: Asking, full: str, privilege: str) -> None:
    if not may(asking.state, asking.caller, full, "BROWSE"):
        demand(asking.state, asking.caller, full, privilege)


def _page(asking: Asking, rows: list[dict[str, Any]], *, key: str) -> dict[str, Any]:
    return paging.page(asking.request, rows, size=asking.fake.page_size, key=key)


def _fits(name: str, pattern: str | None) -> bool:
    """Whether a name fits a pattern of SQL's LIKE."""
    return not pattern or _like(pattern).fullmatch(name) is not None


def _like(pattern: str) -> re.Pattern[str]:
    signs = {"%": ".*", "_": "."}
    return re.compile(
        "".join(signs.get(letter, re.escape(letter)) for letter in pattern), re.DOTALL | re.IGNORECASE
    )
