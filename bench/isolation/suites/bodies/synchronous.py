"""INSERT, COMMIT, SELECT. The slug is always the same: a row that another test left breaks the test."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bench.isolation.suites.models import Company
from bench.isolation.suites.server import NUMBERS


@pytest.mark.parametrize("number", NUMBERS)
def test_insert(session: Session, number: int) -> None:
    session.add(Company(slug="acme", name=str(number)))
    session.commit()
    assert session.scalar(select(func.count()).select_from(Company)) == 1
