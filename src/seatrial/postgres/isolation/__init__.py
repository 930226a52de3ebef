"""How a test gets a pristine database."""

from __future__ import annotations

from seatrial.postgres.isolation.base import Isolation, Replacing, Tally
from seatrial.postgres.isolation.clones import Clones, run_name
from seatrial.postgres.isolation.wal import EndedSession, WalReset, why_not

__all__ = ["Clones", "EndedSession", "Isolation", "Replacing", "Tally", "WalReset", "run_name", "why_not"]
