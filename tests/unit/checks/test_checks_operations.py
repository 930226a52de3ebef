"""What can be called: operations out of OpenAPI documents, ids for their paths, values for their columns."""

from __future__ import annotations

import re
from typing import Any

import httpx2
import litestar
import pytest
from fastapi import FastAPI

from seatrial.checks.finding import Inapplicable
from seatrial.checks.making.crowd import known_in, singular
from seatrial.checks.making.plain import plain_candidates
from seatrial.checks.making.tables import Column, Table
from seatrial.checks.queries.ids import ids_in, parts_of
from seatrial.checks.queries.operations import Operation, find_operations
from seatrial.checks.queries.rows import known_of
from seatrial.config.settings import IdentitySettings, User

TEXT = {"in": "query", "required": True}
DOCUMENT: dict[str, Any] = {
    "basePath": "/v1/",
    "components": {
        "parameters": {"q": {**TEXT, "name": "q", "schema": {"$ref": "#/components/s"}}},
        "s": {"type": "string", "example": "rope"},
    },
    "paths": {
        "/kinds/{kind}": {
            "parameters": [{"in": "path", "name": "kind", "schema": {"enum": ["a", "b"]}}],
            "get": {},
        },
        "/search": {
            "get": {
                "parameters": [
                    {"$ref": "#/components/parameters/q"},
                    {**TEXT, "name": "page", "type": "integer", "minimum": 3},
                    {**TEXT, "name": "on", "schema": {"anyOf": [{"format": "date"}]}},
                    {**TEXT, "name": "text", "schema": {"type": "string"}},
                    {"in": "query", "name": "sort", "schema": {"type": "string"}},
                    {"in": "header", "name": "x", "required": True},
                ]
            }
        },
        "/write": {"post": {}},
    },
}  # fmt: skip


def client(**served: Any) -> Any:
    """A client of an application that serves these documents."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        found = served.get(request.url.path.strip("/").replace("/", "_").replace(".", "_"))
        return httpx2.Response(404) if found is None else httpx2.Response(200, json=found)

    return httpx2.Client(transport=httpx2.MockTransport(answer), base_url="http://app")


def test_operations_of_a_document() -> None:
    assert find_operations(None, client(openapi_json=DOCUMENT), served_at=None) == [
        Operation(template="/v1/search", query={"q": "rope", "page": "3", "on": "2024-01-01", "text": "row"}),
        Operation(template="/v1/kinds/{kind}", choices={"kind": ("a", "b")}),
    ]


def test_frameworks_are_asked_themselves() -> None:
    fastapi = FastAPI(openapi_url=None)

    @fastapi.get("/orders/{order_id}")
    def one(order_id: int) -> None: ...

    @litestar.get("/items/{item_id:int}")
    async def item(item_id: litestar.params.FromPath[int]) -> None: ...

    found = find_operations(fastapi, client(), served_at=None)
    assert [str(operation) for operation in found] == ["GET /orders/{order_id}"]
    found = find_operations(litestar.Litestar([item]), client(), served_at=None)
    assert [str(operation) for operation in found] == ["GET /items/{item_id}"]


@pytest.mark.parametrize(
    ("served", "why"),
    [
        ({}, "tells of no operations"),
        ({"openapi_json": ["no document"]}, "tells of no operations"),
        ({"schema_openapi_json": {"paths": {"/a": {"post": {}}}}}, "no operation with GET"),
    ],
)
def test_nothing_to_call(served: dict[str, Any], why: str) -> None:
    with pytest.raises(Inapplicable, match=why):
        find_operations(None, client(**served), served_at=None)


def test_parts_of_a_template() -> None:
    assert parts_of("/a/{b}/c/{d}.json") == [("/a/", "b"), ("/c/", "d"), (".json", "")]
    assert parts_of("/a") == [("/a", "")]


@pytest.mark.parametrize(
    ("body", "parameter", "ids"),
    [
        ([{"id": 1}, {"id": 2}], "order_id", ["1", "2"]),
        ({"total": 2, "results": [{"orderId": "x", "id": 9}]}, "order_id", ["x"]),
        (["a", "b"], "name", ["a", "b"]),
        ({"data": {"items": [{"slug": "s", "title": "t"}]}}, "which", ["s"]),
        ([{"title": "t"}, True, None], "id", []),
        (None, "id", []),
    ],
)
def test_ids_in_an_answer(body: Any, parameter: str, ids: list[str]) -> None:
    assert ids_in(body, parameter) == ids


def column(name: str, base: str = "text", *, category: str = "S", **more: Any) -> Column:
    plain: dict[str, Any] = {
        "type": base, "modifier": -1, "required": True, "has_default": False, "identity": "",
        "is_generated": False, "number": 1, "labels": (), "checks": (),
    }  # fmt: skip
    return Column(name=name, base=base, category=category, **(plain | more))


@pytest.mark.parametrize(
    ("made", "checks", "first"),
    [
        (column("title"), [], "row 3"),
        (column("email"), [], "row3@example.com"),
        (column("code", modifier=5), [], "3"),
        (column("state"), ["CHECK (state = ANY (ARRAY['draft'::text, 'done'::text]))"], "draft"),
        (column("state", labels=("new", "old"), category="E"), [], "new"),
        (column("is_active", "bool", category="B"), [], "true"),
        (column("is_deleted", "bool", category="B"), [], "false"),
        (column("count", "int4", category="N"), ["CHECK (count > 0)"], "3"),
        (column("at", "timestamptz", category="D"), [], "2024-01-03 12:00+00"),
        (column("tags", "_text", category="A"), [], "{}"),
    ],
)
def test_ordinary_values(made: Column, checks: list[str], first: str) -> None:
    assert plain_candidates(made, row=2, checks=checks)[0] == first


@pytest.mark.parametrize("pattern", ["[a-z]+", "[A-Z]{3}", "[a-z]+-[0-9]+", "[0-9]+"])
def test_a_text_for_a_usual_pattern(pattern: str) -> None:
    found = [
        next(
            text
            for text in plain_candidates(column("code"), row=row, checks=[])
            if re.fullmatch(pattern, text)
        )
        for row in (0, 1, 30)
    ]
    assert len(set(found)) == 3


def test_what_is_known_of_a_user_finds_its_columns() -> None:
    settings = IdentitySettings(
        tenants={"a": {"id": "t-a", "slug": "acme"}},
        users={
            "alice": User(
                name="alice", tenant="a", role="admin", attributes={"agent_id": 7, "name": "Alice"}
            ),
            "bob": User(name="bob", tenant="b"),
        },
    )
    known = known_of(settings, "alice")
    assert known == {"tenant": "t-a", "tenant_id": "t-a", "tenant_slug": "acme", "agent_id": "7"}
    assert known_of(settings, "bob")["tenant_id"] == "b"
    assert known_of(settings, None) == {}

    def table(relation: str, *columns: str) -> Table:
        return Table(
            oid=1, schema="public", relation=relation, columns=tuple(map(column, columns)), constraints=()
        )

    assert known_in(table("tenants", "id", "slug", "name"), known) == {"id": "t-a", "slug": "acme"}
    assert known_in(table("orders", "id", "tenant_id", "owner_agent_id", "name"), known) == {
        "tenant_id": "t-a",
        "owner_agent_id": "7",
    }


@pytest.mark.parametrize(
    ("many", "one"),
    [("orders", "order"), ("categories", "category"), ("classes", "class"), ("address", "address")],
)
def test_singular(many: str, one: str) -> None:
    assert singular(many) == one
