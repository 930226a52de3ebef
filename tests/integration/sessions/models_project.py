"""A project whose tests use SQLAlchemy sessions: two tables, a deferred foreign key, no application."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.project import Project

PYPROJECT = """
[tool.seatrial]
[tool.seatrial.env]
DATABASE_URL = "{{database.url}}"
[tool.seatrial.database]
schema = {{ sql = ["schema.sql"] }}
isolation = "{isolation}"
"""
SCHEMA = """
create table customers (id int primary key, name text not null unique);
insert into customers values (1, 'of the seed');
create table orders (
  id int generated always as identity primary key,
  customer_id int not null,
  constraint orders_customer foreign key (customer_id) references customers deferrable initially deferred
);
"""
MODELS = """
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

class Base(DeclarativeBase):
    pass

class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]

class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
"""
HEAD = """
import os

import psycopg
import pytest
import sqlalchemy
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from models import Customer, Order


def names(session):
    return sorted(session.scalars(select(Customer.name)))


def elsewhere(statement):
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else None


def committed():
    return sorted(name for name, in elsewhere("select name from customers"))
"""


def write(project: Project, tests: str, *, isolation: str = "rollback", **more: str) -> Project:
    """The project with its tests in test_sessions.py; every test module may use what `HEAD` defines."""
    return project.write(
        {
            "pyproject.toml": PYPROJECT.format(isolation=isolation),
            "schema.sql": SCHEMA,
            "models.py": MODELS,
            "test_sessions.py": HEAD + tests,
            **more,
        }
    )
