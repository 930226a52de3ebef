"""Real HTTP on a socket, and a WSGI application."""

from __future__ import annotations

import pytest

from tests.support.project import PYPROJECT, SHOP, Project

SOCKET = PYPROJECT.replace("[tool.seatrial.env]", 'transport = "socket"\n[tool.seatrial.env]')

FLASK = """
import os
import psycopg
from flask import Flask, jsonify, request

app = Flask(__name__)

def connect():
    return psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)

@app.post("/orders")
def create():
    with connect() as connection:
        insert = "insert into orders (item) values (%s) returning id"
        row = connection.execute(insert, [request.args["item"]]).fetchone()
    return jsonify(id=row[0]), 201

@app.get("/orders")
def orders():
    with connect() as connection:
        return jsonify([row[0] for row in connection.execute("select item from orders order by id")])
"""

TESTS = """
import json
import urllib.request
import pytest

@pytest.mark.parametrize("turn", range(3))
def test_orders(client, db, turn):
    assert client.post("/orders", params={"item": "anchor"}).json() == {"id": 1}
    assert client.get("/orders").json() == ["anchor"]
    assert db.scalar("select count(*) from orders") == 1
"""

OTHER_CLIENTS = (
    TESTS
    + """
    assert str(client.base_url).startswith("http://127.0.0.1:")
    with urllib.request.urlopen(str(client.base_url.join("/orders"))) as answer:
        assert json.load(answer) == ["anchor"]
"""
)


@pytest.mark.parametrize(
    ("settings", "shop", "tests"),
    [(SOCKET, SHOP, OTHER_CLIENTS), (PYPROJECT, FLASK, TESTS), (SOCKET, FLASK, OTHER_CLIENTS)],
    ids=["asgi-on-a-socket", "wsgi-in-memory", "wsgi-on-a-socket"],
)
def test_the_same_tests_on_every_transport(project: Project, settings: str, shop: str, tests: str) -> None:
    project.shop(tests, **{"pyproject.toml": settings, "shop.py": shop}).pytest().expect(passed=3)
