"""Connections of this process to other machines: refused while tests run, and told by host and caller."""

from __future__ import annotations

from seatrial.trial.network.guard import Guard
from seatrial.trial.network.machine import Reachable
from seatrial.trial.network.making import make_guard

__all__ = ["Guard", "Reachable", "make_guard"]
