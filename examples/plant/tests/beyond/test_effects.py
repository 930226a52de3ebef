"""What keys and forced row-level security do, table by table; their definitions are compared elsewhere."""

import pytest
from checks import one_of_each
from rows import PARENTS, copy_of, past_row_security, refused, row
from steps import ENTITY_TABLES

KEYS = [(table, column) for table, columns in PARENTS.items() for column in columns]


@pytest.mark.parametrize(("table", "column"), KEYS)
def test_a_foreign_key_refuses_what_is_not_there(db, table, column):
    with past_row_security(db):
        row(db, table)
        to_nobody = f"UPDATE {table} SET {column} = uuid_generate_v4()"
        assert refused(db, to_nobody) == ("23503", f"fk_{table}_{column}")


@pytest.mark.parametrize("table", ENTITY_TABLES)
def test_an_id_is_taken_once(db, table):
    with past_row_security(db):
        row(db, table)
        another = {} if table == "base_entity" else {"name": "Another"}
        assert refused(db, *copy_of(table, **another)) == ("23505", f"pk_{table}")


@pytest.mark.parametrize("table", ENTITY_TABLES)
def test_the_owner_of_the_tables_has_to_obey_too(client, db, table):
    one_of_each(client.as_user("b"), "B", status="draft")
    assert db.scalar(f"SELECT count(*) FROM {table}") == 0
