"""How a test gets a pristine database."""

from __future__ import annotations

from seatrial.postgres.isolation.clones import Clones, run_name

__all__ = ["Clones", "run_name"]
