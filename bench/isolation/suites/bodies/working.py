"""A test with some work: it stores voyages with their entries, one commit each, and reads them back."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bench.isolation.suites.models import Company, LogEntry, Ship, Voyage
from bench.isolation.suites.server import NUMBERS

VOYAGES = 6
ENTRIES = 4


@pytest.mark.parametrize("number", NUMBERS)
def test_work(session: Session, number: int) -> None:
    company = Company(slug="acme", name=str(number))
    session.add(company)
    session.flush()
    ship = Ship(company_id=company.id, name="Endeavour")
    session.add(ship)
    session.commit()
    for day in range(VOYAGES):
        voyage = Voyage(ship_id=ship.id, destination=f"port {day}", state="planned")
        session.add(voyage)
        session.flush()
        session.add_all(LogEntry(voyage_id=voyage.id, text=f"hour {hour}") for hour in range(ENTRIES))
        session.commit()
    for voyage in session.scalars(select(Voyage).order_by(Voyage.id)):
        found = session.scalars(select(LogEntry.text).where(LogEntry.voyage_id == voyage.id)).all()
        assert len(found) == ENTRIES
    assert session.scalar(select(func.count()).select_from(LogEntry)) == VOYAGES * ENTRIES
