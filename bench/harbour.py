"""The project that is measured: twelve tables."""

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


def write(folder: Path, *, tests: str) -> Path:
    """Write a project with a configured database into `folder`."""
    folder.mkdir(parents=True)
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (folder / "schema.sql").write_text(SCHEMA, encoding="utf-8")
    (folder / "test_suite.py").write_text(tests, encoding="utf-8")
    (folder / "pyproject.toml").write_text(SETTINGS, encoding="utf-8")
    return folder
