"""Transactions at the same time, for tests of a team's own functions: schedules, and every interleaving."""

from __future__ import annotations

from seatrial.checks.transactions.schedule import Schedule, ScheduledSession, Step
from seatrial.checks.transactions.serializable import Explored, assert_serializable
from seatrial.checks.transactions.sqlstates import sqlstate_of

__all__ = ["Explored", "Schedule", "ScheduledSession", "Step", "assert_serializable", "sqlstate_of"]
