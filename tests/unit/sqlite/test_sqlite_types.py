"""Which declared types are PostgreSQL's own."""

from __future__ import annotations

import pytest

from seatrial.sqlite.types import is_postgres_type


@pytest.mark.parametrize(
    "declared",
    [
        "VECTOR(1536)", "uuid", "UUID", "text[]", "INTEGER[3][3]", "jsonb", "TSVECTOR", "inet", "cidr",
        "serial", "BIGSERIAL", "bytea", "timestamptz(3)", "timestamp with time zone",
        "TIME WITH TIME ZONE",
        "macaddr8", "int4range", "tstzmultirange", "daterange", "money", "xml", "citext",
        "geometry(Point, 4326)", "hstore",
        "interval", "bit(3)", "ltree", "regclass", "oid", "halfvec(3)",
    ],
)  # fmt: skip
def test_types_that_only_postgresql_has(declared: str) -> None:
    assert is_postgres_type(declared)


@pytest.mark.parametrize(
    "declared",
    [
        "", "INTEGER", "int", "BIGINT", "VARCHAR(20)", "CHAR(32)", "TEXT", "BLOB", "REAL", "DOUBLE PRECISION",
        "NUMERIC(10, 2)", "BOOLEAN", "DATE", "DATETIME", "TIMESTAMP", "TIME", "JSON",
        "timestamp without time zone",
        "character varying(10)", "numrating", "serialized",
    ],
)  # fmt: skip
def test_types_that_sqlite_serves(declared: str) -> None:
    assert not is_postgres_type(declared)
