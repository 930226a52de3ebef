"""The schema of a PostgreSQL database as a value: taken in one round trip, compared, kept in a file."""

from __future__ import annotations

from seatrial.postgres.catalog.catalog import Catalog, Entry
from seatrial.postgres.catalog.differences import differences
from seatrial.postgres.catalog.snapshot import snapshot

__all__ = ["Catalog", "Entry", "differences", "snapshot"]
