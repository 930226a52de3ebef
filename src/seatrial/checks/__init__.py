"""Ready-made checks that a team switches on."""

from __future__ import annotations

from seatrial.checks.finding import Finding, Inapplicable, Note
from seatrial.checks.ground import Ground
from seatrial.checks.registry import Check, all_checks, refuse_unknown, select
from seatrial.checks.running import Verdict, not_done, run_check

__all__ = [
    "Check",
    "Finding",
    "Ground",
    "Inapplicable",
    "Note",
    "Verdict",
    "all_checks",
    "not_done",
    "refuse_unknown",
    "run_check",
    "select",
]
