"""Checks of the finished schema: what slows a database down or breaks it after a year."""

from __future__ import annotations

from seatrial.checks.registry import Check
from seatrial.checks.schema.columns import primary_keys, sequences, timestamps
from seatrial.checks.schema.constraints import validated_constraints
from seatrial.checks.schema.indexes import foreign_keys, redundant_indexes, valid_indexes

CHECKS = (
    Check("schema.foreign_keys", foreign_keys),
    Check("schema.valid_indexes", valid_indexes),
    Check("schema.redundant_indexes", redundant_indexes),
    Check("schema.constraints", validated_constraints),
    Check("schema.primary_keys", primary_keys),
    Check("schema.timestamps", timestamps),
    Check("schema.sequences", sequences),
)
