"""`--html`, of the extra `html`: the report shows what seatrial has judged, checks included."""

from __future__ import annotations

import html
import json
import re

from tests.support.project import Project

TESTS = """
def test_orders_are_there(client):
    assert client.post("/orders", params={"item": "rope"}).status_code == 201

def test_it_asserts_nothing(client):
    client.get("/orders")

def test_it_is_wrong(client):
    assert client.get("/orders").json() == ["rope"]
"""
PLUGINS = ("-p", "pytest_metadata.plugin", "-p", "pytest_html.plugin")


def test_the_report_holds_every_verdict(project: Project) -> None:
    project.shop(TESTS)
    report = ("--html=report.html", "--self-contained-html")
    result = project.pytest(*PLUGINS, *report, "--seatrial-checks", "schema.primary_keys,schema.timestamps")
    assert result.status == 1, result.output
    page = (project.root / "report.html").read_text(encoding="utf-8")
    (blob,) = re.findall(r'data-jsonblob="([^"]*)"', page)
    tests = json.loads(html.unescape(blob))["tests"]
    assert {name: [one["result"] for one in found] for name, found in tests.items()} == {
        "test_shop.py::test_orders_are_there": ["Passed"],
        "test_shop.py::test_it_asserts_nothing": ["Failed"],
        "test_shop.py::test_it_is_wrong": ["Failed"],
        "seatrial::schema.primary_keys": ["Passed"],
        "seatrial::schema.timestamps": ["Passed"],
    }
