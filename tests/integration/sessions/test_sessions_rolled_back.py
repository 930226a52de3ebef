"""`db_session` inside one transaction: code under test commits and rolls back as it likes, nothing stays."""

from __future__ import annotations

import pytest

from tests.integration.sessions.models_project import write
from tests.support.project import Project

BEHAVES = """
@pytest.fixture
def bob(db_session):
    db_session.add(Customer(id=2, name="bob"))
    db_session.commit()

def test_commits(db_session, bob):
    assert names(db_session) == ["bob", "of the seed"]
    db_session.rollback()
    assert names(db_session) == ["bob", "of the seed"]
    assert committed() == ["of the seed"]

def test_rolls_back_what_it_did_not_commit(db_session):
    db_session.add(Customer(id=3, name="kept"))
    db_session.commit()
    db_session.add(Customer(id=4, name="lost"))
    db_session.flush()
    db_session.rollback()
    assert names(db_session) == ["kept", "of the seed"]

def test_nests(db_session):
    with db_session.begin_nested():
        db_session.add(Customer(id=5, name="inner"))
    with pytest.raises(ZeroDivisionError), db_session.begin_nested():
        db_session.add(Customer(id=6, name="undone"))
        1 / 0
    db_session.commit()
    assert names(db_session) == ["inner", "of the seed"]

def test_goes_on_after_an_error(db_session):
    db_session.add(Customer(id=7, name="before"))
    db_session.commit()
    db_session.add(Customer(id=1, name="a key that is taken"))
    with pytest.raises(IntegrityError):
        db_session.commit()
    db_session.rollback()
    db_session.add(Customer(id=8, name="after"))
    db_session.commit()
    db_session.close()
    assert names(db_session) == ["after", "before", "of the seed"]

def test_ends_in_a_failed_transaction(db_session):
    db_session.add(Customer(id=2, name="before"))
    db_session.commit()
    with pytest.raises(DBAPIError):
        db_session.execute(text("select 1 / 0"))

def test_changes_the_schema(db_session):
    db_session.execute(text("alter table customers add column weight int"))
    db_session.commit()
    assert db_session.scalar(text("select weight from customers")) is None
    db_session.execute(text("set search_path = 'nowhere'; create temp table hold (id int)"))
    db_session.commit()

def test_schema_and_session_are_as_they_were(db_session):
    columns = text("select count(*) from pg_attribute where attrelid = 'customers'::regclass and attnum > 0")
    assert db_session.scalar(columns) == 2
    assert db_session.scalar(text("select to_regclass('hold')")) is None
    assert db_session.scalar(text("show search_path")) == '"$user", public'

@pytest.mark.parametrize("turn", (1, 2))
def test_what_outlives_a_transaction(db_session, turn):
    assert db_session.scalar(text("select count(*) from pg_locks where locktype = 'advisory'")) == 0
    db_session.execute(text("select pg_advisory_lock(7)"))

def test_sessions_of_the_code_under_test_join(db_session):
    with Session(db_session.connection(), join_transaction_mode="create_savepoint") as theirs:
        theirs.add(Customer(id=9, name="theirs"))
        theirs.commit()
    assert names(db_session) == ["of the seed", "theirs"]

def test_sequences(db_session):
    db_session.add(Order(customer_id=1))
    db_session.commit()
    assert db_session.scalar(select(func.count(Order.id))) == 1

@pytest.mark.isolation("reset")
def test_sequences_are_not_seen_by_a_test_that_commits(db_session):
    db_session.add(Order(customer_id=1))
    db_session.commit()
    assert elsewhere("select id, customer_id from orders") == [(1, 1)]
"""


@pytest.mark.parametrize("seed", ["1", "2"])
def test_whatever_the_session_does_is_undone(project: Project, seed: str) -> None:
    write(project, BEHAVES)
    result = project.pytest("-p", "pytest_randomly", f"--randomly-seed={seed}").expect(passed=12)
    assert "isolation rollback: tests of one SQLAlchemy session are rolled back" in result.output
