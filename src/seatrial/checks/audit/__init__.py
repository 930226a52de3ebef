"""Checks of audit trails: tables to which rows are only ever added, each with the hash of the one before."""

from __future__ import annotations

from seatrial.checks.audit.append_only import append_only
from seatrial.checks.registry import Check

CHECKS = (Check("audit.append_only", append_only),)
