"""Which database a run may use: every target proves itself safe before one byte is sent to it."""

from __future__ import annotations

from seatrial.postgres.choice.choose import choose_database
from seatrial.postgres.choice.mark import Marked, Unmarked, carries_marker, mark, unmark, write_marker
from seatrial.postgres.choice.registry import Registry
from seatrial.postgres.choice.target import Choice, PassedOver, ServerFacts, Target

__all__ = [
    "Choice",
    "Marked",
    "PassedOver",
    "Registry",
    "ServerFacts",
    "Target",
    "Unmarked",
    "carries_marker",
    "choose_database",
    "mark",
    "unmark",
    "write_marker",
]
