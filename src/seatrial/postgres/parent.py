"""Ending with the process that started us: a killed parent tells its children nothing."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LOOK_SECONDS = 0.25


def when_parent_ends(act: Callable[[], object], *, parent: int) -> None:
    """Call `act`, in a thread of its own, once `parent` is no longer this process's parent.

    Args:
        act: must end this process, or make it end.
        parent: its process id; if it has ended already, `act` is called at once.
    """

    def watch() -> None:
        pause = threading.Event()
        while os.getppid() == parent:
            pause.wait(LOOK_SECONDS)
        act()

    threading.Thread(target=watch, name="seatrial-parent", daemon=True).start()
