"""Checks of audit trails: tables to which rows are only ever added, each with the hash of the one before."""

from __future__ import annotations

from seatrial.checks.audit.append_only import append_only
from seatrial.checks.audit.chain import chain
from seatrial.checks.audit.concurrent import concurrent
from seatrial.checks.registry import Check

CHECKS = (
    Check("audit.append_only", append_only),
    Check("audit.chain", chain),
    Check("audit.concurrent", concurrent),
)
