"""seatrial's `db_session`: an outer transaction that is rolled back."""

import pytest
from sqlalchemy.orm import Session


@pytest.fixture
def session(seatrial_db_session: Session) -> Session:
    return seatrial_db_session
