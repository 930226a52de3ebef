"""SQLite in the place of PostgreSQL: a file of our own for each process, restored for every test."""

from __future__ import annotations

from seatrial.sqlite.choice import SqliteChoice, choose_engine

__all__ = ["SqliteChoice", "choose_engine"]
