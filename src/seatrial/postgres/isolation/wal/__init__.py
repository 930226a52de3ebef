"""Isolation by the server's own log: only what changed is put back."""

from __future__ import annotations

from seatrial.postgres.isolation.wal.able import why_not
from seatrial.postgres.isolation.wal.engine import WalReset
from seatrial.postgres.isolation.wal.sessions import EndedSession

__all__ = ["EndedSession", "WalReset", "why_not"]
