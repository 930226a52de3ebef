"""The project that is measured: twelve tables, and tests that insert, commit and select."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = """
create table company (id bigint generated always as identity primary key,
  slug text not null unique, name text not null, created_at timestamptz not null default now());
create index on company (name);
create table sailor (id bigint generated always as identity primary key,
  company_id bigint not null references company, email text not null unique,
  active boolean not null default true, created_at timestamptz not null default now());
create index on sailor (company_id);
create table rank (id bigint generated always as identity primary key, name text not null unique);
create table sailor_rank (sailor_id bigint references sailor, rank_id bigint references rank,
  primary key (sailor_id, rank_id));
create table ship (id bigint generated always as identity primary key,
  company_id bigint not null references company, name text not null, notes text,
  created_at timestamptz not null default now());
create index on ship (company_id);
create table voyage (id bigint generated always as identity primary key,
  ship_id bigint not null references ship, captain_id bigint references sailor,
  destination text not null, state text not null, created_at timestamptz not null default now());
create index on voyage (ship_id);
create index on voyage (state);
create table log_entry (id bigint generated always as identity primary key,
  voyage_id bigint not null references voyage, text text not null,
  created_at timestamptz not null default now());
create index on log_entry (voyage_id);
create table flag (id bigint generated always as identity primary key,
  company_id bigint not null references company, name text not null, unique (company_id, name));
create table voyage_flag (voyage_id bigint references voyage, flag_id bigint references flag,
  primary key (voyage_id, flag_id));
create table invoice (id bigint generated always as identity primary key,
  company_id bigint not null references company, total numeric(12, 2) not null,
  created_at timestamptz not null default now());
create index on invoice (company_id);
create table invoice_line (id bigint generated always as identity primary key,
  invoice_id bigint not null references invoice, amount numeric(12, 2) not null);
create index on invoice_line (invoice_id);
create table event (id bigint generated always as identity primary key,
  company_id bigint references company, action text not null,
  created_at timestamptz not null default now());
create index on event (action);
"""

SETTINGS = """
[tool.seatrial]
[tool.seatrial.env]
DATABASE_URL = "{database.url:postgresql+psycopg}"
[tool.seatrial.database]
schema = { sql = ["schema.sql"] }
"""

MODELS = """
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Company(Base):
    __tablename__ = "company"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str]
    name: Mapped[str]
"""

# The same slug every time: a row that another test left breaks the test.
TESTS = """
import pytest
from models import Company
from sqlalchemy import func, select


@pytest.mark.parametrize("number", range({count}))
def test_insert(session, number):
    session.add(Company(slug="acme", name=str(number)))
    session.commit()
    assert session.scalar(select(func.count()).select_from(Company)) == 1
"""

PLAIN_TESTS = """
import pytest


@pytest.mark.parametrize("number", range({count}))
def test_nothing(number):
    assert {{"slug": "acme"}}["slug"] == "acme"
"""

# Sessions end with the database they were opened on, so an engine of the tests keeps none.
SEATRIAL_CONFTEST = """
import os
import pytest
from sqlalchemy import NullPool, create_engine
from sqlalchemy.orm import Session

engine = create_engine(os.environ["DATABASE_URL"], poolclass=NullPool)


@pytest.fixture
def session(seatrial_db):
    with Session(engine) as session:
        yield session
"""

# What suites do by hand today: a template, and for each test DROP and CREATE DATABASE ... TEMPLATE.
HAND_CONFTEST = """
import os
from pathlib import Path
import psycopg
import pytest
from sqlalchemy import NullPool, create_engine
from sqlalchemy.orm import Session

SERVER = os.environ["BENCH_SERVER"]


@pytest.fixture(scope="session")
def admin():
    with psycopg.connect(SERVER, autocommit=True) as admin:
        admin.execute("drop database if exists hand with (force)")
        admin.execute("drop database if exists hand_template with (force)")
        admin.execute("create database hand_template")
        with psycopg.connect(SERVER, dbname="hand_template") as template:
            template.execute(Path(__file__).with_name("schema.sql").read_text())
        yield admin


@pytest.fixture
def session(admin):
    admin.execute("create database hand template hand_template")
    engine = create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(SERVER, dbname="hand"), poolclass=NullPool
    )
    with Session(engine) as session:
        yield session
    admin.execute("drop database hand with (force)")
"""

# No isolation: what the statements alone cost. One DELETE takes the place of a pristine database.
SHARED_CONFTEST = """
import os
from pathlib import Path
import psycopg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

SERVER = os.environ["BENCH_SERVER"]


@pytest.fixture(scope="session")
def engine():
    with psycopg.connect(SERVER, autocommit=True) as admin:
        admin.execute("drop database if exists shared with (force)")
        admin.execute("create database shared")
    with psycopg.connect(SERVER, dbname="shared") as connection:
        connection.execute(Path(__file__).with_name("schema.sql").read_text())
    engine = create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(SERVER, dbname="shared")
    )
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine):
    with Session(engine) as session:
        session.execute(text("delete from company"))
        yield session
"""


def write(folder: Path, *, conftest: str, tests: str, count: int, settings: bool = False) -> Path:
    """Write one suite of `count` tests into `folder`."""
    folder.mkdir(parents=True)
    (folder / "pytest.ini").write_text("[pytest]\npythonpath = .\n", encoding="utf-8")
    (folder / "schema.sql").write_text(SCHEMA, encoding="utf-8")
    (folder / "models.py").write_text(MODELS, encoding="utf-8")
    (folder / "conftest.py").write_text(conftest, encoding="utf-8")
    (folder / "test_suite.py").write_text(tests.format(count=count), encoding="utf-8")
    if settings:
        (folder / "pyproject.toml").write_text(SETTINGS, encoding="utf-8")
    return folder
