"""Inserting unless the row is there, which is not part of SQL's standard."""

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite

from agents.db.base import Base

Upsert = postgresql.Insert | sqlite.Insert


def upsert(dialect: str, model: type[Base]) -> Upsert:
    """An insert that takes `on_conflict_...`; both databases share the statement, SQLAlchemy has two."""
    table = model.__table__
    assert isinstance(table, Table)
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
