"""Deferred constraints are checked where production checks them, and no rollback hides one."""

from __future__ import annotations

from tests.integration.sessions.models_project import write
from tests.support.project import Project

TESTS = """
def test_a_commit_is_refused_as_in_production(db_session):
    db_session.add(Customer(id=2, name="kept"))
    db_session.commit()
    db_session.add(Order(customer_id=7))
    with pytest.raises(IntegrityError, match="orders_customer"):
        db_session.commit()
    db_session.rollback()
    assert db_session.scalar(select(func.count(Order.id))) == 0
    assert names(db_session) == ["kept", "of the seed"]

def test_constraints_stay_deferred_after_a_commit(db_session):
    db_session.commit()
    for customer in (2, 3):
        db_session.execute(text(f"insert into orders (customer_id) values ({customer})"))
        db_session.add(Customer(id=customer, name=f"late {customer}"))
        db_session.commit()
    assert names(db_session) == ["late 2", "late 3", "of the seed"]

def test_a_nested_commit_is_none(db_session):
    with db_session.begin_nested():
        db_session.execute(text("insert into orders (customer_id) values (2)"))
    db_session.add(Customer(id=2, name="late"))
    db_session.commit()
    assert names(db_session) == ["late", "of the seed"]

def test_only_flushed(db_session):
    db_session.add(Order(customer_id=7))
    db_session.flush()
    assert db_session.scalar(select(func.count(Order.id))) == 1

def test_the_next_one(db_session):
    assert db_session.scalar(select(func.count(Order.id))) == 0
"""


def test_deferred_constraints(project: Project) -> None:
    result = write(project, TESTS).pytest().expect(1, failed=1, passed=4)
    assert "FAILED test_sessions.py::test_only_flushed" in result.output
    assert "[rollback.deferred-constraint]" in result.output
    assert 'violates foreign key constraint "orders_customer"' in result.output
    assert 'Key (customer_id)=(7) is not present in table "customers".' in result.output
