"""The append-only record of a run: tests, HTTP exchanges, SQL statements, calls to fakes, isolation.

Each process that runs tests writes JSON lines of its own; they are merged into one file when the run is over.
Nothing secret is in it: text is redacted before it is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.lazy import lazy_names

if TYPE_CHECKING:
    from seatrial.ledger.events import (
        Body,
        Catalogue,
        End,
        Exchange,
        Gap,
        Outbound,
        Run,
        Sql,
        Statement,
        Test,
    )
    from seatrial.ledger.files import LedgerFiles
    from seatrial.ledger.merging import merge
    from seatrial.ledger.reader import Ledger, read
    from seatrial.ledger.recorder import Recorder
    from seatrial.ledger.relations import Relations
    from seatrial.ledger.repeats import Repeated, Suspect, suspects

__all__ = [
    "Body",
    "Catalogue",
    "End",
    "Exchange",
    "Gap",
    "Ledger",
    "LedgerFiles",
    "Outbound",
    "Recorder",
    "Relations",
    "Repeated",
    "Run",
    "Sql",
    "Statement",
    "Suspect",
    "Test",
    "merge",
    "read",
    "suspects",
]

__getattr__ = lazy_names(
    __name__,
    {
        **dict.fromkeys(
            (
                "Body",
                "Catalogue",
                "End",
                "Exchange",
                "Gap",
                "Outbound",
                "Run",
                "Sql",
                "Statement",
                "Test",
            ),
            "events",
        ),
        "Ledger": "reader",
        "LedgerFiles": "files",
        "Recorder": "recorder",
        "Relations": "relations",
        "Repeated": "repeats",
        "Suspect": "repeats",
        "merge": "merging",
        "read": "reader",
        "suspects": "repeats",
    },
)
