"""Statements that a driver's hook passes over: SQLAlchemy tells of them, or they are seatrial's own."""

from __future__ import annotations

import contextlib
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

OWN: ContextVar[bool] = ContextVar("seatrial_ledger_own", default=False)
"""Whether what is sent here is seatrial's own."""
RUNNING: ContextVar[float | None] = ContextVar("seatrial_ledger_running", default=None)
"""When SQLAlchemy began the statement that it executes here; None: it executes none."""


@contextlib.contextmanager
def unrecorded() -> Iterator[None]:
    """Statements that are sent in this block are seatrial's own, and no part of the record."""
    token = OWN.set(True)
    try:
        yield
    finally:
        OWN.reset(token)


def is_quiet() -> bool:
    """Whether a driver's hook has nothing to tell here."""
    return OWN.get() or RUNNING.get() is not None
