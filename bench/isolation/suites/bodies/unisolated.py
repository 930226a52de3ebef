"""INSERT, COMMIT, SELECT, with a slug of its own for each test, because nobody cleans up."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bench.isolation.suites.models import Company
from bench.isolation.suites.server import NUMBERS


@pytest.mark.parametrize("number", NUMBERS)
def test_insert(session: Session, number: int) -> None:
    session.add(Company(slug=f"acme {number}", name=str(number)))
    session.commit()
    assert session.scalar(select(func.count()).select_from(Company)) == number + 1
