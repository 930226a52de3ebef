"""A trial: everything the settings describe, assembled for one process."""

from __future__ import annotations

from seatrial.trial.trial import Trial

__all__ = ["Trial"]
