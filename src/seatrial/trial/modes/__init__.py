"""Which fakes stand in for their service in this run, and which pass the calls on to it."""

from __future__ import annotations

from seatrial.trial.modes.decide import Modes, decide_modes

__all__ = ["Modes", "decide_modes"]
