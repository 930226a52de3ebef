"""Working stand-ins for external services, served on local ports to the real client libraries."""

from __future__ import annotations

from seatrial.fakes.journal import Call
from seatrial.fakes.openai.fake import OpenAIFake
from seatrial.fakes.registry import Fakes

__all__ = ["Call", "Fakes", "OpenAIFake"]
