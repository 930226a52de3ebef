"""Where a tested database comes from: an embedded server, or one the team names."""

from __future__ import annotations

from seatrial.postgres.providers.base import Prepared, Provider

__all__ = ["Prepared", "Provider"]
