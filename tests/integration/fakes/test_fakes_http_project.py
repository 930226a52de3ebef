"""The generic fake in a project: routes for the run, webhooks in both directions, two workers."""

from __future__ import annotations

import os

from tests.support.project import Project

PYPROJECT = """
[tool.seatrial]
app = "till:app"
[tool.seatrial.env]
PAYMENTS_URL = "{fakes.payments.url}"
[tool.seatrial.fakes]
payments = { kind = "http", openapi = "payments.yaml", routes = "support.payments:prepare" }
"""

DOCUMENT = """
openapi: 3.1.0
info: {title: payments, version: "1"}
paths:
  /v1/charges:
    post: {responses: {201: {description: made, content: {application/json: {schema: {$ref: '#/x'}}}}}}
  /v1/charges/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get: {responses: {200: {description: one, content: {application/json: {schema: {$ref: '#/x'}}}}}}
x: {type: object, required: [id], properties: {id: {type: string}}}
"""

TILL = """
import hashlib
import hmac
import os
import time

import httpx2
from fastapi import BackgroundTasks, FastAPI, HTTPException, Request

app = FastAPI()
seen = []

@app.post("/sales", status_code=201)
async def sell():
    async with httpx2.AsyncClient(base_url=os.environ["PAYMENTS_URL"]) as payments:
        answer = await payments.post("/v1/charges", json={})
        return {"status": answer.status_code, "body": answer.json()}

@app.post("/webhooks")
async def hear(request: Request):
    body, header = await request.body(), request.headers.get("stripe-signature", "")
    parts = dict(part.split("=", 1) for part in header.split(",") if part)
    signed = parts.get("t", "").encode() + b"." + body
    right = hmac.new(b"whsec_s3cret", signed, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(parts.get("v1", ""), right) or abs(time.time() - int(parts["t"])) > 300:
        raise HTTPException(401)
    return {"user": request.headers.get("x-user")}

@app.post("/orders", status_code=202)
async def order(background: BackgroundTasks, secret: str):
    background.add_task(tell, secret)

async def tell(secret):
    body = b'{"order": 1}'
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    async with httpx2.AsyncClient(base_url=os.environ["PAYMENTS_URL"]) as payments:
        headers = {"X-Hub-Signature-256": f"sha256={digest}"}
        await payments.post("/hooks/orders", content=body, headers=headers)
"""

PREPARE = """
calls = []

def prepare(payments):
    calls.append(payments)
    payments.on("POST", "/v1/charges", status=201, json={"id": f"for the run {len(calls) > 0}"})
    payments.on("GET", "/v1/charges/{id}", json={"id": "not asked for"}, times=2).then(json={"id": "b"})
"""

PASSING = """
import asyncio
import os

import pytest

from support.payments import calls

@pytest.mark.parametrize("n", range(12))
def test_one_of_many_that_script_the_same_route(client, fakes, n):
    fakes.payments.on("POST", "/v1/charges", status=201, json={"id": f"ch_{n}"})
    assert client.post("/sales").json() == {"status": 201, "body": {"id": f"ch_{n}"}}
    assert len(fakes.payments.calls()) == 1
    with open(os.environ["ADDRESSES"], "a", encoding="utf-8") as file:
        file.write(os.environ["PAYMENTS_URL"] + "\\n")

def test_what_holds_for_the_run(client, fakes):
    assert client.post("/sales").json()["body"] == {"id": "for the run True"}
    assert set(calls) == {fakes.http("payments")}

@pytest.mark.parametrize("tamper", [None, "unsigned", "wrong-signature", "changed-body", "old-timestamp"])
def test_webhooks_of_the_service(client, fakes, tamper):
    signing = {"secret": "whsec_s3cret", "scheme": "stripe"}
    answer = fakes.payments.send_webhook(client, "/webhooks", json={"id": "evt_1"}, tamper=tamper, **signing)
    assert answer.status_code == (200 if tamper is None else 401)

def test_a_webhook_by_the_asynchronous_client(async_client, fakes):
    signing = {"secret": "whsec_s3cret", "scheme": "stripe"}
    async def send():
        return await fakes.payments.send_webhook(async_client, "/webhooks", json={}, **signing)
    assert asyncio.run(send()).json() == {"user": None}

def test_webhooks_of_the_application(client, fakes):
    orders = fakes.payments.receiver("/hooks/orders", secret="s3cret", scheme="github")
    assert client.post("/orders?secret=s3cret").status_code == 202
    (webhook,) = orders.wait_for(1, timeout=60)
    assert webhook.json == {"order": 1}
"""

FAILING = """
import pytest

def test_an_answer_nobody_asked_for(fakes):
    fakes.payments.on("POST", "/v1/charges", status=201, json={"id": "a"}, times=2)
    assert fakes.payments.pending

def test_a_webhook_with_another_secret(client, fakes):
    orders = fakes.payments.receiver("/hooks/orders", secret="s3cret", scheme="github")
    assert client.post("/orders?secret=other").status_code == 202
    with pytest.raises(AssertionError, match="refused: its signature is wrong"):
        orders.wait_for(1, timeout=60)

def test_an_answer_that_the_document_forbids(client, fakes):
    fakes.payments.on("POST", "/v1/charges", lambda request: (201, {"id": 7}))
    assert client.post("/sales").json()["status"] == 500

def test_an_answer_that_is_forbidden_at_once(fakes):
    fakes.payments.on("POST", "/v1/charges", status=201, json={"id": 7})
"""


def written(project: Project, tests: str, **files: str) -> Project:
    named = {"pyproject.toml": PYPROJECT, "payments.yaml": DOCUMENT, "till.py": TILL, "test_till.py": tests}
    return project.write({**named, "support/__init__.py": "", "support/payments.py": PREPARE, **files})


def test_two_workers_script_one_fake_and_do_not_meet(project: Project) -> None:
    written(project, PASSING)
    addresses = project.root / "addresses"
    project.pytest("-p", "xdist", "-n", "2", ADDRESSES=os.fspath(addresses)).expect(passed=20)
    assert len(set(addresses.read_text(encoding="utf-8").split())) == 2


def test_disagreements_fail_their_own_test_and_say_why(project: Project) -> None:
    result = written(project, FAILING).pytest("-p", "no:randomly").expect(1, failed=4)
    for line in (
        "payments: nothing met the scripted answer 201 to POST /v1/charges (0 of 2 time(s))",
        "payments: it refused a webhook of the application at /hooks/orders: its signature is wrong",
        "its answer 201 to POST /v1/charges is what payments.yaml forbids: at $.id expected type string",
        "to answer POST /v1/charges with 201, but payments.yaml forbids it: at $.id expected type string",
    ):
        assert result.errors(line) == 1, (line, result.output)
    assert "s3cret" not in result.output.replace('secret="s3cret"', "")


def test_a_function_of_the_run_that_is_not_there_is_told_before_the_tests(project: Project) -> None:
    files = {"pyproject.toml": PYPROJECT.replace(":prepare", ":prepair")}
    result = written(project, "def test_it(client):\n    assert client\n", **files).pytest()
    assert result.status == 4, result.output
    assert "expects routes = 'support.payments:prepair' to name a function, found none" in result.output
