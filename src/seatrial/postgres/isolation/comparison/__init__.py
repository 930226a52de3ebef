"""Comparing a database with its baseline, in full: rows, sequences, catalogue, large objects, roles."""

from __future__ import annotations

from seatrial.postgres.isolation.comparison.snapshot import Snapshot, take

__all__ = ["Snapshot", "take"]
