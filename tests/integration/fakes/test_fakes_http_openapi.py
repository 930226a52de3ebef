"""Requests to the generic fake, and its answers, held against an OpenAPI document."""

from __future__ import annotations

import json
import textwrap

import httpx2
import pytest

from seatrial.errors import FakeError
from seatrial.fakes import Fakes

DOCUMENT = """
openapi: VERSION
info: {title: payments, version: "1"}
servers: [{url: https://api.example.com/v1}]
security: [{key: []}, {bearer: []}]
paths:
  /charges:
    parameters: [{name: X-Tenant, in: header, required: true, schema: {type: string, minLength: 2}}]
    post:
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: '#/components/schemas/Charge'}}}
      responses:
        201:
          description: made
          headers: {Location: {required: true, schema: {type: string}}, X-Left: {schema: {type: integer}}}
          content: {application/json: {schema: {$ref: '#/components/schemas/Charge'}}}
        4XX: {$ref: '#/components/responses/Error'}
    get:
      parameters:
        - {name: limit, in: query, schema: {type: integer, maximum: 100}}
        - {name: ids, in: query, explode: false, schema: {type: array, items: {type: integer}}}
        - {name: open, in: query, schema: {type: boolean}}
      responses:
        200:
          description: list
          content: {application/json: {schema: {type: array, items: {$ref: 'charge.yaml#/Charge'}}}}
        default: {$ref: '#/components/responses/Error'}
  /charges/{id}:
    get:
      security: []
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      responses:
        200: {description: one, content: {application/json: {schema: {$ref: 'charge.yaml#/Charge'}}}}
        404: {$ref: '#/components/responses/Error'}
    delete:
      security: []
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      responses: {204: {description: gone}}
components:
  securitySchemes:
    key: {type: apiKey, in: header, name: X-Key}
    bearer: {type: http, scheme: bearer}
  responses:
    Error: {description: no, content: {application/problem+json: {schema: {type: object, required: [title]}}}}
  schemas:
    Charge: {$ref: 'charge.yaml#/Charge'}
"""
CHARGE = """
Charge:
  type: object
  additionalProperties: false
  required: [id, amount]
  properties:
    id: {type: integer, readOnly: true}
    amount: {type: integer, minimum: 1}
    currency: {enum: [eur, usd]}
    created: {type: string, format: date-time}
    card_token: {type: string, writeOnly: true, pattern: '^tok_'}
    pin: {type: string, format: password, maxLength: 4}
    note: NULLABLE
    next: {$ref: '#/Charge'}
"""
NULLABLE = {"3.0.3": "{type: string, nullable: true}", "3.1.0": "{type: [string, 'null']}"}
HEADERS = {"X-Tenant": "acme", "X-Key": "s3cret"}
MADE = {"Location": "/v1/charges/1"}


@pytest.fixture(scope="module", params=["3.0.3", "3.1.0"])
def running(request, tmp_path_factory):
    root = tmp_path_factory.mktemp("documents")
    (root / "payments.yaml").write_text(DOCUMENT.replace("VERSION", request.param), encoding="utf-8")
    (root / "charge.yaml").write_text(CHARGE.replace("NULLABLE", NULLABLE[request.param]), encoding="utf-8")
    fakes = Fakes({"payments": {"kind": "http", "openapi": "payments.yaml"}}, root=root)
    fakes.start()
    yield fakes
    fakes.stop()


@pytest.fixture
def payments(running):
    running.reset()
    return running.http("payments")


@pytest.fixture
def problems(running):
    """What the fake holds against a test whose answers have all arrived."""
    return lambda: [problem.removeprefix("payments: ") for problem in running.problems(grace=5)]


@pytest.fixture
def client(running):
    url = f"{running.url('payments')}/v1"
    with httpx2.Client(base_url=url, timeout=20, headers=HEADERS) as client:
        yield client


def test_an_application_and_a_script_that_keep_to_the_document_meet_no_problem(payments, client, problems):
    row = {"id": 1, "amount": 5, "currency": "eur", "note": None, "created": "2026-11-21T10:00:00Z"}
    payments.on("POST", "/v1/charges", status=201, json=row, headers={**MADE, "X-Left": "3"})
    payments.on("GET", "/v1/charges", json=[{**row, "next": row}])
    payments.on("GET", "/v1/charges/{id}", status=404, json={"title": "none"})
    payments.on("DELETE", "/v1/charges/{id}", status=204)
    assert client.post("/charges", json={"amount": 5, "card_token": "tok_1"}).status_code == 201
    assert client.post("/charges", json=row).status_code == 201  # what is read is written back
    digits = {"X-Tenant": "42"}  # a text that looks like a number
    assert client.get("/charges?limit=5&ids=1,2&open=true", headers=digits).json()[0]["next"] == row
    missing = client.get("/charges/9")
    assert (missing.status_code, missing.headers["content-type"]) == (404, "application/problem+json")
    assert client.delete("/charges/9").status_code == 204
    assert problems() == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"status": 500}, "for the status expected 201 or 4XX, found 500"),
        ({"json": {"id": "1", "amount": 5}}, 'at $.id expected type integer, found "1"'),
        ({"json": {"id": 1}}, "at $ expected the property 'amount', found an object with id"),
        ({"json": {"id": 1, "amount": 0}}, "at $.amount expected minimum 1, found 0"),
        ({"json": {"id": 1, "amount": 1, "currency": "chf"}}, 'expected one of "eur", "usd", found "chf"'),
        ({"json": {"id": 1, "amount": 1, "x": 1}}, "expected no other properties than id, amount"),
        ({"json": {"id": 1, "amount": 1, "created": "today"}}, '$.created expected format "date-time"'),
        ({"json": {"id": 1, "amount": 1, "next": {"id": 1, "amount": []}}},
         "at $.next.amount expected type integer, found an array of 0"),
        ({"json": {"id": 1, "amount": 1, "pin": "123456"}}, "at $.pin expected maxLength 4, found ***"),
        ({"text": "ok"}, "for the content type expected application/json, found text/plain"),
        ({}, "for the content type expected application/json, found no body"),
        ({"json": {"id": 1, "amount": 1}, "headers": {}}, "the header Location expected a value"),
        ({"json": {"id": 1, "amount": 1}, "headers": {**MADE, "X-Left": "few"}},
         'for the header X-Left expected type integer, found "few"'),
        ({"status": 402, "json": {}}, "at $ expected the property 'title', found an empty object"),
    ],
)  # fmt: skip
def test_an_answer_that_the_document_forbids_is_refused_where_it_is_written(payments, given, message):
    with pytest.raises(FakeError) as refused:
        payments.on("POST", "/v1/charges", **{"status": 201, "headers": MADE, **given})
    assert refused.value.code == "fakes.schema"
    assert f"POST /v1/charges with {given.get('status', 201)}, but payments.yaml forbids it" in str(
        refused.value
    )
    assert message in str(refused.value)


def test_the_second_answer_of_a_route_is_looked_at_too(payments):
    route = payments.on("DELETE", "/v1/charges/{id}", status=204)
    with pytest.raises(FakeError, match="for the status expected 204, found 200"):
        route.then(status=200)
    errors = payments.on("GET", "/v1/charges/{id}", status=404, json={"title": "none"})
    with pytest.raises(FakeError, match=r"expected application/problem\+json, found text/plain"):
        errors.then(status=404, text="none")


def test_an_answer_that_is_known_late_fails_the_test_and_does_not_reach_the_application(
    payments, client, problems
):
    payments.on("GET", "/v1/charges/{id}", lambda _request: {"id": "1"})
    answer = client.get("/charges/1")
    assert (answer.status_code, '"id": "1"' in answer.text) == (500, False)
    (problem,) = problems()
    assert problem.startswith("its answer 200 to GET /v1/charges/{id} is what payments.yaml forbids: at $")


def test_rows_of_a_collection_are_looked_at_too(payments, client, problems):
    payments.collection("/v1/charges", rows=[{"id": 1, "amount": "much"}])
    assert client.get("/charges").status_code == 500
    assert "at $[0].amount expected type integer" in problems()[0]


@pytest.mark.parametrize(
    ("method", "path", "options", "message"),
    [
        ("POST", "/charges", {"json": {"amount": 0}}, "at $.amount expected minimum 1, found 0"),
        ("POST", "/charges", {"json": {"amount": 1, "card_token": "s3cret"}}, "$.card_token expected pat"),
        ("POST", "/charges", {"content": b"{"}, "for the content type expected application/json, found no"),
        ("POST", "/charges", {"content": b"{", "headers": {"content-type": "application/json"}},
         "for the body expected JSON, found 1 byte(s) that are not"),
        ("POST", "/charges", {}, "for the body expected one, found none"),
        ("GET", "/charges?limit=many", {}, 'the query parameter limit expected type integer, found "m'),
        ("GET", "/charges?limit=101", {}, "for the query parameter limit expected maximum 100, found 101"),
        ("GET", "/charges?ids=1,x", {}, "for the query parameter ids expected type integer"),
        ("GET", "/charges?open=2", {}, "for the query parameter open expected type boolean, found 2"),
        ("GET", "/charges", {"headers": {"X-Tenant": "a"}}, "header parameter X-Tenant expected minL"),
        ("GET", "/charges/ch_1", {}, 'the path parameter id expected type integer, found "ch_1"'),
    ],
)  # fmt: skip
def test_a_request_that_the_document_forbids_fails_the_test(  # noqa: PLR0917 - four are of one row
    payments, client, problems, method, path, options, message
):
    payments.on("POST", "/v1/charges", status=201, json={"id": 1, "amount": 5}, headers=MADE)
    payments.on("GET", "/v1/charges", json=[])
    payments.on("GET", "/v1/charges/{id}", json={"id": 1, "amount": 5})
    answer = client.request(method, path, **options)
    assert answer.status_code == 400
    (problem,) = problems()
    assert problem.startswith(f"the application asked for {method} /v1/charges")
    assert message in problem
    assert "s3cret" not in problem + answer.text


def test_credentials_and_parameters_that_are_missing_fail_the_test(payments, running, problems):
    payments.on("GET", "/v1/charges", json=[])
    url = f"{running.url('payments')}/v1/charges"
    tenant = {"X-Tenant": "acme"}
    assert httpx2.get(url, headers=tenant).status_code == 400
    assert httpx2.get(url, headers={**tenant, "Authorization": "Basic eA=="}).status_code == 400
    assert httpx2.get(url, headers={"X-Key": "a"}).status_code == 400
    assert httpx2.get(url, headers={**tenant, "Authorization": "Bearer x"}).status_code == 200
    first, second, third = problems()
    assert first == second
    assert "for the credentials expected key or bearer, found none of that form" in first
    assert "for the header parameter X-Tenant expected a value, found none" in third


def test_a_script_that_refuses_the_request_agrees_with_the_document(payments, client, problems):
    payments.on("POST", "/v1/charges", status=422, json={"title": "amount"})
    assert client.post("/charges", json={"amount": 0}).status_code == 422
    assert problems() == []


def test_a_collection_does_not_change_by_a_request_that_is_forbidden(payments, client, problems):
    charges = payments.collection("/v1/charges", rows=[{"id": 1, "amount": 5}])
    assert client.post("/charges", json={"amount": 0}).status_code == 400
    assert len(charges.rows) == 1
    assert len(problems()) == 1


def test_what_is_not_documented_cannot_be_scripted_or_asked_for(payments, client, problems):
    with pytest.raises(FakeError, match=r"POST /v1/charge, .*the nearest is POST /v1/charges") as refused:
        payments.on("POST", "/v1/charge", status=201)
    assert refused.value.code == "fakes.undocumented"
    with pytest.raises(FakeError, match=r"GET /charges, which payments\.yaml does not document"):
        payments.collection("/charges")
    payments.on_error(lambda _status, message: {"title": message})
    payments.collection("/v1/charges")
    answers = [
        client.get("/refunds"),
        client.get("/charges/1"),
        client.put("/charges/1"),
    ]
    assert [answer.status_code for answer in answers] == [501, 404, 400]
    assert "GET /v1/refunds, which payments.yaml does not document" in answers[0].text
    assert "PUT /v1/charges/1, which payments.yaml does not document" in "".join(problems())


def test_a_documented_operation_without_a_route_is_501_and_named(payments, client):
    answer = client.get("/charges/1")
    assert answer.status_code == 501
    assert "GET /v1/charges/1, which payments.yaml documents as GET /v1/charges/{id}" in answer.text


def test_a_route_beside_the_document_and_a_receiver_are_not_held_against_it(payments, running, problems):
    payments.on("POST", "/oauth/token", json={"access_token": "t"}, documented=False)
    receiver = payments.receiver("/hooks")
    url = running.url("payments")
    assert httpx2.post(f"{url}/oauth/token").json() == {"access_token": "t"}
    assert httpx2.post(f"{url}/hooks", json={"a": 1}).status_code == 200
    assert [webhook.json for webhook in receiver.received] == [{"a": 1}]
    assert problems() == []


def test_scripted_faults_need_not_be_documented(payments, client, problems):
    payments.on("GET", "/v1/charges", json=[])
    payments.fail(503)
    assert [client.get("/charges").status_code for _ in range(2)] == [503, 200]
    assert problems() == []


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        ({"openapi": 7}, "fakes.options", "the path of a file, found 7"),
        ({"openapi": "none.yaml"}, "fakes.openapi", "none.yaml cannot be read"),
        ({"routes": "tests.fakes"}, "fakes.options", "'module:function', found 'tests.fakes'"),
        ({"schema": "a"}, "fakes.options", "expects the options openapi, routes, found schema"),
    ],
)
def test_wrong_options_are_told_when_they_are_declared(tmp_path, options, code, message):
    with pytest.raises(FakeError) as refused:
        Fakes({"payments": {"kind": "http", **options}}, root=tmp_path)
    assert (refused.value.code, message in str(refused.value)) == (code, True)


def test_a_document_in_json_does_the_same(tmp_path):
    described = {"responses": {"200": {"content": {"application/json": {"schema": {"type": "integer"}}}}}}
    text = json.dumps({"openapi": "3.0.1", "paths": {"/n": {"get": described}}})
    (tmp_path / "n.json").write_text(textwrap.dedent(text), encoding="utf-8")
    fakes = Fakes({"n": {"kind": "http", "openapi": "n.json"}}, root=tmp_path)
    with pytest.raises(FakeError, match=r"n\.json forbids it: at \$ expected type integer, found \"one\""):
        fakes.n.on("GET", "/n", json="one")
