# ruff: noqa: S608 - statements made of our own constants
"""The one statement that reads a schema."""

from __future__ import annotations

from itertools import chain

from seatrial.postgres.catalog.queries import behaviour, constraints, database, relations, routines, types
from seatrial.postgres.catalog.queries.shared import COUNTED, Reading

_SUBJECTS = (relations, constraints, behaviour, types, routines, database)
_SETTINGS = {
    # How the server writes expressions and constants depends on these.
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "lc_monetary": "C",
    "quote_all_identifiers": "off",
    # To compile it takes longer than to run it.
    "jit": "off",
    # The last: names are qualified unless they are the server's. Temporary objects hide none.
    "search_path": "pg_catalog, pg_temp",
}


def statement(*, version: int, owners: bool) -> str:
    """Statements for one round trip: settings, rows of (kind, path, facts) as JSON text, settings put back.

    Args:
        version: the server's number, such as 150020.
        owners: whether the owners of objects are facts.
    """
    reading = Reading(version=version, owners=owners)
    queries = chain.from_iterable(subject.queries(reading) for subject in _SUBJECTS)
    # Names of the server are of another type than text, and arrays of the two do not unite.
    rows = " union all ".join(
        f"select q.kind, q.path::text[], q.facts from ({query}) as q (kind, path, facts)" for query in queries
    )
    return f"""{_PIN};
with {COUNTED}
select coalesce(json_agg(json_build_array(o.kind, o.path, json_strip_nulls(o.facts))), '[]')::text
from ({rows}) as o (kind, path, facts);
{_PUT_BACK}"""


_NAMES = ", ".join(f"('{name}', '{value}')" for name, value in _SETTINGS.items())
_PIN = f"""
select pg_catalog.set_config('seatrial.' || s.name, pg_catalog.current_setting(s.name), true),
       pg_catalog.set_config(s.name, s.value, true)
from (values {_NAMES}) as s (name, value)"""
# Inside a transaction of the caller they would stay otherwise, until it ends.
_PUT_BACK = f"""
select pg_catalog.set_config(s.name, pg_catalog.current_setting('seatrial.' || s.name), true)
from (values {_NAMES}) as s (name, value)"""
