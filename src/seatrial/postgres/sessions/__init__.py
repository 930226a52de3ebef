"""SQLAlchemy sessions for tests: committing for real, or inside one transaction that is rolled back."""

from __future__ import annotations

from seatrial.postgres.sessions.kit import Sessions
from seatrial.postgres.sessions.witness import Witness

__all__ = ["Sessions", "Witness"]
