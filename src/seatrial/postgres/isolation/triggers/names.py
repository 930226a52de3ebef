"""The schema of our own in a database that is not made by us, and the names in it."""

from __future__ import annotations

# Not a name that a role may have: "$user" stands first in the usual search_path.
SCHEMA = "seatrial_reset"
TRIGGER = "seatrial_written"
"""The trigger on every table: the only thing of ours outside our schema."""
FUNCTION = f"{SCHEMA}.note_written"
ROWS = f"{SCHEMA}.rows_of"


def mark_of(table: int) -> str:
    """The sequence that says whether a table, by its oid, was written to."""
    return f"{SCHEMA}.written_{table}"
