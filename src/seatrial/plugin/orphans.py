"""Ending an xdist worker whose controller was killed, so that its server does not outlive the run."""

from __future__ import annotations

import os
import signal
import threading

from seatrial.postgres.parent import when_parent_ends

_PATIENCE_S = 2.0


def end_with_the_controller() -> None:
    """Interrupt this worker as soon as its controller is gone.

    execnet would do so too, but only after five seconds.
    """
    when_parent_ends(_end, parent=os.getppid())


def _end() -> None:
    # What Ctrl-C does: fixtures and the application end as they should.
    os.kill(os.getpid(), signal.SIGINT)
    threading.Event().wait(_PATIENCE_S)
    os._exit(1)
