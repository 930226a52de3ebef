"""An application that keeps one connection for its whole life: it stays, or the failure says why it ended."""

from __future__ import annotations

from tests.support.project import Project

SHOP = """
import os
import psycopg
from fastapi import FastAPI

connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
app = FastAPI()

@app.post("/orders")
def create():
    return connection.execute("insert into orders (item) values ('rope') returning id").fetchone()[0]
"""

TESTS = """
import pytest

@pytest.mark.parametrize("attempt", range(2))
def test_an_order_is_stored(client, attempt):
    assert client.post("/orders").status_code == 200
"""


def test_it_lives_on_where_the_database_is_put_back_in_place(project: Project) -> None:
    project.shop(TESTS, **{"shop.py": SHOP}).pytest().expect(passed=2)


def test_the_failure_says_what_became_of_the_connection(project: Project) -> None:
    result = project.shop(TESTS, **{"shop.py": SHOP}).pytest("--seatrial-isolation", "clone")
    assert result.counts["failed"] >= 1, result.output
    assert "a connection kept outside of them does not" in result.output
