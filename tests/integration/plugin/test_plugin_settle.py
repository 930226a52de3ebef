"""Background work: the response is there before it, `settle` waits for it, and names what does not end."""

from __future__ import annotations

from tests.support.project import Project

MORE = """
import asyncio
from fastapi import BackgroundTasks

async def audit(item):
    await asyncio.sleep(0.2)
    await app.state.pool.execute("insert into orders (item) values ($1)", "audit " + item)

@app.post("/audited")
async def audited(item: str, tasks: BackgroundTasks):
    tasks.add_task(audit, item)

@app.post("/endless")
async def endless(tasks: BackgroundTasks):
    tasks.add_task(asyncio.sleep, 60)
"""

SCOPE = "asyncio_default_fixture_loop_scope=function"

TESTS = """
import pytest
from seatrial import ApplicationError

def test_settle_waits(client, db, settle):
    client.post("/audited", params={"item": "anchor"})
    assert db.scalar("select count(*) from orders") == 0
    settle()
    assert db.scalar("select item from orders") == "audit anchor"

async def test_settle_waits_in_an_async_test(async_client, db, settle):
    await async_client.post("/audited", params={"item": "rope"})
    settle()
    assert db.scalar("select item from orders") == "audit rope"

def test_what_does_not_end_is_named(client, settle):
    client.post("/endless")
    with pytest.raises(ApplicationError, match="POST /endless"):
        settle(0.1)
"""


def test_settle(project: Project) -> None:
    project.shop(TESTS)
    shop = project.root / "shop.py"
    shop.write_text(shop.read_text() + MORE)
    result = project.pytest("-p", "pytest_asyncio.plugin", "-o", "asyncio_mode=auto", "-o", SCOPE)
    # The last test leaves its endless task running, and fails for that when it is over.
    result.expect(1, passed=2, failed=1)
    assert "this test left work running in the application [app.left-running]" in result.output
