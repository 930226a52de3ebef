"""Working stand-ins for external services, served on local ports to the real client libraries."""

from __future__ import annotations

from seatrial.fakes.fake import Fake
from seatrial.fakes.journal import Attempt, Call
from seatrial.fakes.registry import Fakes

__all__ = ["Attempt", "Call", "Fake", "Fakes"]
