"""Hearing of the statements that drivers send: hooks that are there only while a ledger is written."""

from __future__ import annotations

from seatrial.ledger.sql.quiet import unrecorded

__all__ = ["unrecorded"]
