"""Tables of Unity Catalog and what is asked of them."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from server.lib.inputs import LARGEST_OFFSET
from server.lib.jsonvalues import storable

LARGEST_FILTER_BYTES = 64 * 1024


def _sendable(value: Any) -> Any:
    return storable(value, largest=LARGEST_FILTER_BYTES)


Operator = Literal["=", "!=", "<", "<=", ">", ">=", "like", "is null", "is not null"]
Name = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_sendable)]


class Column(BaseModel):
    name: str
    type: str
    nullable: bool
    comment: str | None


class DataSource(BaseModel):
    """A table with its columns."""

    catalog_name: str
    schema_name: str
    table_name: str
    full_name: str
    table_type: str | None
    owner: str | None
    comment: str | None
    columns: list[Column]


class Filter(BaseModel):
    """A condition on one column; rows have to meet all of them."""

    model_config = ConfigDict(extra="forbid")

    column: Name
    operator: Operator = "="
    value: Annotated[bool | int | float | str | None, AfterValidator(_sendable)] = None


class Place(BaseModel):
    """Where a table is."""

    catalog: Name
    schema_name: Annotated[Name, Field(alias="schema")]
    table: Name

    @property
    def parts(self) -> tuple[str, str, str]:
        return self.catalog, self.schema_name, self.table


class Page(Place):
    """Which part of its rows."""

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    offset: Annotated[int, Field(ge=0, le=LARGEST_OFFSET)] = 0


class TableQuery(Page):
    filters: Annotated[list[Filter], Field(max_length=50)] = []


class TableParameters(Page):
    """The same as parameters of a URL."""

    filters: str = "[]"


class QueryResult(BaseModel):
    """One page of the rows that meet the filters, ordered by all columns from the first on."""

    columns: list[str]
    rows: list[dict[str, Any]]
    row_count: int
    total_row_count: int
    """Of all pages."""
