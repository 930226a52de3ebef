"""INSERT, COMMIT, SELECT. The slug is always the same: a row that another test left breaks the test."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bench.isolation.suites.models import Company
from bench.isolation.suites.server import NUMBERS


@pytest.mark.parametrize("number", NUMBERS)
async def test_insert(session: AsyncSession, number: int) -> None:
    session.add(Company(slug="acme", name=str(number)))
    await session.commit()
    assert await session.scalar(select(func.count()).select_from(Company)) == 1
