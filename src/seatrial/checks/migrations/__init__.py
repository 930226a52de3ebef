"""Checks of Alembic's migrations, on databases of their own."""

from __future__ import annotations

from seatrial.checks.migrations.data import data_survives
from seatrial.checks.migrations.empty_revisions import empty_revisions
from seatrial.checks.migrations.history import single_head
from seatrial.checks.migrations.lint import lint
from seatrial.checks.migrations.models import models
from seatrial.checks.migrations.rerun import rerun
from seatrial.checks.migrations.stairway import stairway
from seatrial.checks.migrations.upgrade import upgrade
from seatrial.checks.registry import Check

CHECKS = (
    Check("migrations.single_head", single_head, needs_template=False),
    Check("migrations.upgrade", upgrade, needs_template=False),
    Check("migrations.stairway", stairway, needs_template=False),
    Check("migrations.data", data_survives, needs_template=False),
    Check("migrations.models", models, needs_template=False),
    Check("migrations.rerun", rerun, needs_template=False),
    Check("migrations.empty", empty_revisions, needs_template=False),
    Check("migrations.lint", lint, needs_template=False),
)
