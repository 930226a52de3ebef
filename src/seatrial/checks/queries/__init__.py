"""Checks of the statements that the application sends for its operations."""

from __future__ import annotations

from seatrial.checks.queries.growth import n_plus_one
from seatrial.checks.registry import Check

CHECKS = (Check("queries.n_plus_one", n_plus_one),)
