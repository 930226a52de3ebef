"""Stateful collections of the generic fake, asked over real sockets."""

from __future__ import annotations

import httpx2
import pytest

from seatrial.errors import FakeError
from seatrial.fakes import Fakes

ADA, BOB, CID = ({"id": name, "name": name.title(), "admin": name == "ada"} for name in ("ada", "bob", "cid"))


@pytest.fixture(scope="module")
def running():
    fakes = Fakes({"crm": {"kind": "http"}})
    fakes.start()
    yield fakes
    fakes.stop()


@pytest.fixture
def crm(running):
    running.reset()
    return running.http("crm")


@pytest.fixture
def problems(running):
    """What the fake holds against a test whose answers have all arrived."""
    return lambda **options: [
        problem.removeprefix("crm: ") for problem in running.problems(grace=5, **options)
    ]


@pytest.fixture
def client(running):
    with httpx2.Client(base_url=running.url("crm"), timeout=20) as client:
        yield client


def test_a_row_lives_from_post_to_delete(crm, client, problems):
    people = crm.collection("/people")
    created = client.post("/people", json={"name": "Ada"})
    assert (created.status_code, created.json()) == (201, {"id": 1, "name": "Ada"})
    assert client.get("/people/1").json() == {"id": 1, "name": "Ada"}
    assert client.patch("/people/1", json={"email": "a@x"}).json() == {"id": 1, "name": "Ada", "email": "a@x"}
    replaced = client.put("/people/1", json={"name": "Ida"})
    assert (replaced.status_code, replaced.json()) == (200, {"id": 1, "name": "Ida"})
    assert people.rows == [{"id": 1, "name": "Ida"}]
    removed = client.delete("/people/1")
    assert (removed.status_code, removed.content) == (204, b"")
    assert [
        client.request(m, "/people/1", json={}).status_code for m in ("GET", "PUT", "PATCH", "DELETE")
    ] == [404] * 4
    assert (people.rows, problems()) == ([], [])


def test_keys_are_made_in_order_and_pass_over_those_that_are_taken(crm, client):
    crm.collection("/people", new_key=lambda n: f"cus_{n}", rows=[{"id": "cus_2"}])
    made = [client.post("/people", json={}).json()["id"] for _ in range(3)]
    assert made == ["cus_1", "cus_3", "cus_4"]


def test_a_key_that_is_taken_is_a_conflict(crm, client):
    crm.collection("/people", key="email", rows=[{"email": "a@x"}])
    assert client.post("/people", json={"email": "a@x"}).status_code == 409
    assert client.get("/people/a@x").json() == {"email": "a@x"}
    crm.collection("/odd", new_key=lambda _n: "same", rows=[{"id": "same"}])
    assert client.post("/odd", json={}).status_code == 409


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/people"), ("PUT", "/people/ada"), ("PATCH", "/people/ada")]
)
def test_a_body_that_is_no_object_is_refused(crm, client, method, path):
    people = crm.collection("/people", rows=[ADA])
    assert client.request(method, path, content=b"no json").status_code == 400
    assert client.request(method, path, json=[1]).status_code == 400
    assert people.rows == [ADA]


def test_a_key_cannot_be_changed(crm, client):
    people = crm.collection("/people", rows=[ADA])
    assert client.patch("/people/ada", json={"id": "eve"}).status_code == 400
    assert client.patch("/people/ada", json={"id": "ada", "admin": False}).json()["admin"] is False
    assert [row["id"] for row in people.rows] == ["ada"]


def test_lists_are_filtered_by_fields(crm, client):
    crm.collection("/people", rows=[ADA, BOB, CID])
    assert client.get("/people").json() == [ADA, BOB, CID]
    assert client.get("/people", params={"admin": "true"}).json() == [ADA]
    assert client.get("/people?name=Bob&name=Cid").json() == [BOB, CID]
    assert client.get("/people?name=Bob&admin=true").json() == []


def test_a_parameter_that_is_no_field_is_not_just_ignored(crm, client):
    crm.collection("/people", rows=[ADA])
    assert client.get("/people?sort=name").status_code == 501
    assert crm.unexpected == ("GET /people with the parameter 'sort', which no row has as a field",)


def test_pages_by_limit_and_offset(crm, client):
    crm.collection("/people", rows=[ADA, BOB, CID])
    assert client.get("/people?limit=2").json() == [ADA, BOB]
    assert client.get("/people?limit=2&offset=2").json() == [CID]
    assert client.get("/people?offset=9").json() == []


def test_pages_by_cursor_hold_while_rows_come_and_go(crm, client):
    people = crm.collection("/people", envelope="data", rows=[ADA, BOB, CID])
    first = client.get("/people?limit=2").json()
    assert first == {"data": [ADA, BOB], "total": 3, "next_cursor": "bob"}
    client.delete("/people/ada")
    people.add({"id": "dot"})
    second = client.get(f"/people?limit=2&cursor={first['next_cursor']}").json()
    assert second == {"data": [CID, {"id": "dot"}], "total": 3, "next_cursor": None}


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "offset=-1", "cursor=nobody"])
def test_a_page_that_cannot_be_is_a_400(crm, client, query):
    crm.collection("/people", rows=[ADA])
    assert client.get(f"/people?{query}").status_code == 400


def test_parameters_of_the_path_are_fields_of_the_rows(crm, client):
    cards = crm.collection("/people/{person}/cards", rows=[{"id": 7, "person": "bob"}])
    assert client.post("/people/ada/cards", json={"last4": "4242"}).json() == {
        "id": 1,
        "last4": "4242",
        "person": "ada",
    }
    assert [row["id"] for row in client.get("/people/ada/cards").json()] == [1]
    assert [client.get(f"/people/{person}/cards/7").status_code for person in ("ada", "bob")] == [404, 200]
    assert client.put("/people/bob/cards/7", json={}).json() == {"id": 7, "person": "bob"}
    assert len(cards.rows) == 2


def test_a_route_goes_before_a_collection_and_may_use_its_pages(crm, client):
    people = crm.collection("/people", rows=[ADA, BOB])
    crm.on("POST", "/people", status=402, json={"error": "limit"})
    crm.on("GET", "/people", lambda request: {"has_more": people.page(request).next_cursor is not None})
    assert client.post("/people", json={}).status_code == 402
    assert client.get("/people?limit=1").json() == {"has_more": True}
    assert client.get("/people/ada").json() == ADA


def test_a_collection_is_found_again_by_its_path_and_gone_after_the_test(crm, client, running):
    people = crm.collection("/people", envelope="data", rows=[ADA])
    assert crm.collection("/people", rows=[BOB]) is people
    assert repr(people) == "<collection /people: 2 row(s)>"
    with pytest.raises(FakeError, match="the shape it has already") as refused:
        crm.collection("/people", envelope="items")
    assert refused.value.code == "fakes.collection"
    running.reset()
    assert client.get("/people").status_code == 501
    assert crm.collection("/people").rows == []


def test_rows_are_copies(crm, client):
    seed = {"id": "ada", "tags": ["a"]}
    people = crm.collection("/people", rows=[seed])
    people.rows[0]["tags"].append("b")
    seed["tags"].append("c")
    assert client.get("/people/ada").json() == {"id": "ada", "tags": ["a"]}


@pytest.mark.parametrize(
    ("rows", "message"), [([ADA, ADA], "'ada' a second time"), ([[1]], "dicts, found list")]
)
def test_rows_that_cannot_be_are_refused(crm, rows, message):
    with pytest.raises(FakeError, match=message) as refused:
        crm.collection("/people", rows=rows)
    assert refused.value.code == "fakes.collection"
