"""Whether a suite notices a broken schema: each promise of the schema is taken away once, and the tests run.

A mutant is a template database with one thing missing. What it costs is what the tests cost that touch the
relation: one process runs all of them again and again, on one database after the other.
"""

from __future__ import annotations

from seatrial.audit.mutations.making import mutants_of
from seatrial.audit.mutations.mutant import Kind, Mutant

__all__ = ["Kind", "Mutant", "mutants_of"]
