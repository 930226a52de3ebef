"""What answers for a model: the OpenAI fake, or an endpoint of another service that speaks as it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from seatrial.fakes.openai.script import Script


class Speaker(Protocol):
    """Where scripted replies come from, and the numbers of answers."""

    @property
    def script(self) -> Script:
        """The replies that wait for their requests."""

    def next_number(self) -> int:
        """The number of this answer since the last reset; ids are made of it."""
