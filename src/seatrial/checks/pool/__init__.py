"""Checks of the application's connection pools, in a process of their own.

The process starts a server and the application once more: pools of the tests are not among those that are
looked at, nobody else's connections are taken, and the server may be restarted.
"""

from __future__ import annotations

from seatrial.checks.pool.apart import looked_at
from seatrial.checks.registry import Check

CHECKS = (
    Check(
        "pool.exhaustion",
        looked_at(
            "exhaustion",
            """Who finds a pool empty gets an error in time, and the pool recovers.

            Every connection of a pool is taken; the next one who asks must be refused, and served again as
            soon as they are given back. With `request`, the application itself is asked, too.
            """,
        ),
    ),
    Check(
        "pool.recovery",
        looked_at(
            "recovery",
            """After a restart of the server the application is served again, by every pool.

            How many uses fail until then is told in a note.
            """,
        ),
    ),
)
