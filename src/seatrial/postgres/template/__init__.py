"""The database after migrations and seeds: fingerprinted, built once, verified, kept."""

from __future__ import annotations

from seatrial.postgres.template.build import build_template
from seatrial.postgres.template.fingerprint import fingerprint
from seatrial.postgres.template.plan import TemplatePlan, TemplateReport

__all__ = ["TemplatePlan", "TemplateReport", "build_template", "fingerprint"]
