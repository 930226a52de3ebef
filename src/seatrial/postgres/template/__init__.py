"""The database after migrations and seeds: fingerprinted, built once, verified, kept."""

from __future__ import annotations

from seatrial.postgres.template.build import build_in_place, build_template
from seatrial.postgres.template.empty import empty_database, not_ours
from seatrial.postgres.template.fingerprint import fingerprint
from seatrial.postgres.template.plan import TemplatePlan, TemplateReport

__all__ = [
    "TemplatePlan",
    "TemplateReport",
    "build_in_place",
    "build_template",
    "empty_database",
    "fingerprint",
    "not_ours",
]
