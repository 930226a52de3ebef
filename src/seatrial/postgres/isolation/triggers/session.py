"""The session that watches and repairs: nothing of the server's settings may change what it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg

LOCK_TIMEOUT_S = 10
_SETTINGS = {
    # Names come out qualified, and functions of the user's schemas cannot get in between.
    "search_path": "",
    "lock_timeout": f"{LOCK_TIMEOUT_S}s",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "default_transaction_isolation": "read committed",
    "default_transaction_read_only": "off",
    "default_transaction_deferrable": "off",
    "check_function_bodies": "on",
    # Values are kept as text, so the text has to mean the same whenever it is read.
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "lc_monetary": "C",
    "xmlbinary": "base64",
    "xmloption": "content",
    "client_min_messages": "warning",
}


def settle(connection: psycopg.Connection[Any]) -> psycopg.Connection[Any]:
    """Pin every setting that matters; settings that this server does not know are left out."""
    connection.execute(
        "select set_config(given.name, given.value, false) "
        "from unnest(%s::text[], %s::text[]) given (name, value) "
        "join pg_catalog.pg_settings known on lower(known.name) = lower(given.name)",
        [list(_SETTINGS), list(_SETTINGS.values())],
    )
    return connection
