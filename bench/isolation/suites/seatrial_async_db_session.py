"""seatrial's `async_db_session`: an outer transaction that is rolled back."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession


@pytest.fixture
def session(seatrial_async_db_session: AsyncSession) -> AsyncSession:
    return seatrial_async_db_session
