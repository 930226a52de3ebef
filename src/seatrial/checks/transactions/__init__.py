"""Transactions at the same time, for tests of a team's own functions: schedules, and every interleaving."""

from __future__ import annotations

from seatrial.checks.transactions.schedule import Schedule, ScheduledSession, Step
from seatrial.checks.transactions.sqlstates import sqlstate_of

__all__ = ["Schedule", "ScheduledSession", "Step", "sqlstate_of"]
