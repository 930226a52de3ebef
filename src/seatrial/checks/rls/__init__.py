"""Checks of row-level security, as the application's own role meets it."""

from __future__ import annotations

from seatrial.checks.registry import Check
from seatrial.checks.rls.policies import policies
from seatrial.checks.rls.role import role
from seatrial.checks.rls.tables import tables
from seatrial.checks.rls.views import views

CHECKS = (
    Check("rls.role", role),
    Check("rls.tables", tables),
    Check("rls.views", views),
    Check("rls.policies", policies),
)
