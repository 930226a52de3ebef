"""Catalogs, schemas, tables and their rows, as the caller may see them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import TypeAdapter, ValidationError

from server.lib.errors import invalid, refusals
from server.lib.guard import SignedIn, documented_token, on_behalf
from server.lib.resources import Opened
from server.models.data_source import (
    DataSource,
    Filter,
    Name,
    QueryResult,
    TableParameters,
    TableQuery,
)
from server.services.unity_catalog_service import UnityCatalogService

router = APIRouter(
    prefix="/api/unity-catalog",
    tags=["unity-catalog"],
    route_class=on_behalf(invalid_body="INVALID_QUERY"),
    dependencies=[documented_token],
)

Catalog = Annotated[Name, Query()]
Schema = Annotated[Name, Query(alias="schema")]

_FILTERS = TypeAdapter(list[Filter])


async def _service(caller: SignedIn, resources: Opened) -> UnityCatalogService:
    return UnityCatalogService(resources.workspace, resources.warehouse, caller)


Service = Annotated[UnityCatalogService, Depends(_service)]


@router.get("/catalogs", responses=refusals(401, 403, 503))
async def list_catalogs(service: Service) -> list[str]:
    return await service.catalogs()


@router.get("/schemas", responses=refusals(400, 401, 403, 404, 503))
async def list_schemas(service: Service, catalog: Catalog) -> list[str]:
    return await service.schemas(catalog)


@router.get("/table-names", responses=refusals(400, 401, 403, 404, 503))
async def list_table_names(service: Service, catalog: Catalog, schema_name: Schema) -> list[str]:
    return [table.table_name for table in await service.tables(catalog, schema_name)]


@router.get("/tables", responses=refusals(400, 401, 403, 404, 503))
async def list_tables(service: Service, catalog: Catalog, schema_name: Schema) -> list[DataSource]:
    return await service.tables(catalog, schema_name)


@router.get("/query", responses=refusals(400, 401, 403, 404, 503))
async def query_by_parameters(service: Service, asked: Annotated[TableParameters, Query()]) -> QueryResult:
    """A page of a table. `filters` is the JSON that the body of the POST has under this name."""
    try:
        filters = _FILTERS.validate_json(asked.filters)
    except ValidationError as error:
        problem = error.errors()[0]
        raise invalid(
            "INVALID_QUERY", ".".join(map(str, ("filters", *problem["loc"]))), problem["msg"]
        ) from None
    where = {"catalog": asked.catalog, "schema": asked.schema_name, "table": asked.table}
    return await service.query(TableQuery(**where, limit=asked.limit, offset=asked.offset, filters=filters))


@router.post("/query", responses=refusals(400, 401, 403, 404, 503))
async def query_by_body(service: Service, asked: TableQuery) -> QueryResult:
    """A page of a table."""
    return await service.query(asked)
