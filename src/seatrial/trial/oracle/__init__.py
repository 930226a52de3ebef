"""What a test leaves behind: found when it is over, named, and taken away before the next one begins."""

from __future__ import annotations

from seatrial.trial.oracle.oracle import Oracle

__all__ = ["Oracle"]
