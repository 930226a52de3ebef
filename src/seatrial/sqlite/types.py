"""Types that PostgreSQL has and SQLite only pretends to have."""

from __future__ import annotations

import re

from seatrial.errors import TemplateError

# SQLite takes any word for a type and guesses what to do with the values: in a column of type UUID the text
# '12e4...' of digits becomes a number, in one of type SERIAL nothing counts.
_NAMES = re.compile(
    r"(big|small)?serial|bit|bytea|cidr|citext|geography|geometry|halfvec|hstore|inet|interval|jsonb|jsonpath"
    r"|line|lseg|l(query|tree|txtquery)|macaddr8?|money|oid|pg_lsn|point|polygon|reg(class|proc|type)|sparsevec"
    r"|(date|int4|int8|num|ts|tstz)(multi)?range|time(stamp)?tz|ts(query|vector)|uuid|varbit|vector|xml"
)
_WORD = re.compile(r"[a-z_][a-z_0-9]*")


def is_postgres_type(declared: str) -> bool:
    """Whether a declared type is PostgreSQL's own: `VECTOR(1536)`, `uuid`, `text[]`.

    >>> is_postgres_type("VECTOR(3)"), is_postgres_type("text[]"), is_postgres_type("VARCHAR(20)")
    (True, True, False)
    """
    word = _WORD.match(declared.strip().lower())
    zoned = "with time zone" in declared.lower()
    return (
        declared.rstrip().endswith("]")
        or zoned
        or (word is not None and _NAMES.fullmatch(word.group()) is not None)
    )


def postgres_type_error(columns: list[str]) -> TemplateError:
    """The refusal of columns, each as `table.column: TYPE`."""
    return TemplateError(
        "SQLite has no such type as these columns want: " + "; ".join(columns),
        code="sqlite.postgres-type",
        remedy="run on PostgreSQL, or let the model say what SQLite stores instead: "
        'JSONB().with_variant(JSON(), "sqlite"); a table that only PostgreSQL can have is left out there '
        "(in a migration: if op.get_bind().dialect.name == ...)",
    )
