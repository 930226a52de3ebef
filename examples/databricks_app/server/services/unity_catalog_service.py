"""Catalogs, schemas and tables as the caller may see them, and pages of a table's rows."""

from collections.abc import Callable
from typing import TypeVar

from databricks.sdk import WorkspaceClient
from databricks.sdk.core import DatabricksError
from databricks.sdk.errors import BadRequest, NotFound, PermissionDenied
from databricks.sdk.service.catalog import ColumnInfo, TableInfo

from server.lib.errors import ApiError, invalid, unavailable
from server.lib.statements import Statement, count_of, page_of
from server.lib.warehouse import Answer, StatementFailedError, Warehouse
from server.lib.workspace import Workspace, in_path
from server.models.data_source import Column, DataSource, QueryResult, TableQuery
from server.services.user_service import Caller

T = TypeVar("T")

# The error classes with which a failed statement begins, and what they mean here.
_DENIED = ("INSUFFICIENT_PERMISSIONS", "PERMISSION_DENIED")
_MISSING = ("TABLE_OR_VIEW_NOT_FOUND", "SCHEMA_NOT_FOUND", "NO_SUCH_CATALOG_EXCEPTION")


class UnityCatalogService:
    """What one caller sees of Unity Catalog; every call uses their token.

    Everything here raises `ApiError` with 401 for a token that is not valid any more, 403
    CATALOG_PERMISSION_DENIED and 503 WORKSPACE_UNAVAILABLE.
    """

    def __init__(self, workspace: Workspace, warehouse: Warehouse, caller: Caller) -> None:
        self._workspace = workspace
        self._warehouse = warehouse
        self._token = caller.token

    async def catalogs(self) -> list[str]:
        """Names, sorted."""
        return await self._call(_catalogs, missing="CATALOG_NOT_FOUND")

    async def schemas(self, catalog: str) -> list[str]:
        """Names, sorted. 404 CATALOG_NOT_FOUND."""
        return await self._call(lambda client: _schemas(client, catalog), missing="CATALOG_NOT_FOUND")

    async def tables(self, catalog: str, schema: str) -> list[DataSource]:
        """With their columns, sorted by name. 404 SCHEMA_NOT_FOUND."""
        return await self._call(lambda client: _tables(client, catalog, schema), missing="SCHEMA_NOT_FOUND")

    async def query(self, asked: TableQuery) -> QueryResult:
        """A page of the rows that meet the filters. 404 TABLE_NOT_FOUND; 400 INVALID_QUERY."""
        table = await self._call(lambda client: _table(client, asked), missing="TABLE_NOT_FOUND")
        counted = await self._run(count_of(table, asked.filters))
        page = await self._run(page_of(table, asked.filters, limit=asked.limit, offset=asked.offset))
        return QueryResult(
            columns=page.columns,
            rows=[dict(zip(page.columns, row, strict=True)) for row in page.rows],
            row_count=len(page.rows),
            total_row_count=counted.rows[0][0],
        )

    async def _run(self, statement: Statement) -> Answer:
        try:
            return await self._call(
                lambda client: self._warehouse.run(client, statement), missing="WAREHOUSE_NOT_FOUND"
            )
        except StatementFailedError as error:
            raise _meaning(error) from error

    async def _call(self, function: Callable[[WorkspaceClient], T], *, missing: str) -> T:
        try:
            return await self._workspace.call(self._token, function)
        except DatabricksError as error:
            raise _refusal(error, missing) from error


def _catalogs(client: WorkspaceClient) -> list[str]:
    return sorted(catalog.name for catalog in client.catalogs.list() if catalog.name)


def _schemas(client: WorkspaceClient, catalog: str) -> list[str]:
    return sorted(schema.name for schema in client.schemas.list(catalog) if schema.name)


def _tables(client: WorkspaceClient, catalog: str, schema: str) -> list[DataSource]:
    found = [_data_source(table) for table in client.tables.list(catalog, schema)]
    return sorted(found, key=lambda table: table.table_name)


def _table(client: WorkspaceClient, asked: TableQuery) -> DataSource:
    return _data_source(client.tables.get(in_path(".".join(asked.parts))))


def _data_source(table: TableInfo) -> DataSource:
    return DataSource(
        catalog_name=table.catalog_name or "",
        schema_name=table.schema_name or "",
        table_name=table.name or "",
        full_name=table.full_name or "",
        table_type=table.table_type and table.table_type.value,
        owner=table.owner,
        comment=table.comment,
        columns=[_column(column) for column in table.columns or []],
    )


def _column(column: ColumnInfo) -> Column:
    return Column(
        name=column.name or "",
        type=(column.type_text or "").upper(),
        nullable=column.nullable is not False,
        comment=column.comment,
    )


def _refusal(error: DatabricksError, missing: str) -> ApiError:
    # The SDK adds its own configuration to what the workspace says, so none of that is passed on.
    if isinstance(error, PermissionDenied):
        return ApiError(403, "CATALOG_PERMISSION_DENIED", "You may not see this.")
    if isinstance(error, NotFound):
        return ApiError(404, missing, "There is nothing of this name.")
    assert isinstance(error, BadRequest)
    return invalid("INVALID_QUERY", "query", str(error))


def _meaning(error: StatementFailedError) -> ApiError:
    if error.has_class(*_DENIED):
        return ApiError(403, "CATALOG_PERMISSION_DENIED", "You may not read this table.")
    if error.has_class(*_MISSING):
        return ApiError(404, "TABLE_NOT_FOUND", "There is no such table.")
    if error.is_transient:
        return unavailable("WORKSPACE_UNAVAILABLE", "The warehouse did not answer in time.")
    return invalid("INVALID_QUERY", "filters", str(error))
