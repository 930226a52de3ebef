"""How a test gets a pristine database."""

from __future__ import annotations

from seatrial.postgres.isolation.base import Isolation, Replacing, Tally
from seatrial.postgres.isolation.clones import Clones, run_name

__all__ = ["Clones", "Isolation", "Replacing", "Tally", "run_name"]
