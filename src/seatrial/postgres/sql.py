"""Parts of statements: quoted identifiers and literals where there are no parameters, and our own schemas."""

from __future__ import annotations

OWN_SCHEMAS = "('seatrial', 'seatrial_reset')"
"""Where seatrial keeps what it needs in a database, as a list in SQL; no part of anybody's schema."""


def identifier(name: str) -> str:
    """Quote a name for use as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Quote a text for use as an SQL literal, whatever `standard_conforming_strings` says."""
    quoted = text.replace("'", "''")
    if "\\" in quoted:
        return "E'" + quoted.replace("\\", "\\\\") + "'"
    return "'" + quoted + "'"
