"""Whether nothing was written at all, told without a copy to compare with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seatrial.postgres.isolation.wal.log import Log, Window
    from seatrial.postgres.isolation.wal.shared import SharedState
    from seatrial.postgres.isolation.wal.work import Work


def is_unwritten(log: Log, work: Work, shared: SharedState) -> bool:
    """Whether the tested database is as it was when the window of the log began; in doubt it is not."""
    window = log.read(work.oid, work.ours)
    if window.busy or window.prepared or window.too_long:
        return False
    if window.unchanged:
        return not work.holds_unlogged_sequences
    if work.holds_unlogged or not _concerns_others_only(window, shared):
        return False
    log.advance(window, ())
    return True


def _concerns_others_only(window: Window, shared: SharedState) -> bool:
    """Whether all that the log holds is the making of our own copies."""
    written = [change for change in window.changes if not change.is_harmless]
    return all(change.file.is_shared for change in written) and not (written and shared.differences())
