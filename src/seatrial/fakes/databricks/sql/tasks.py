"""Statements that run, and how they are ended from another thread."""

from __future__ import annotations

import threading
from typing import Any

from seatrial.fakes.databricks.sql.errors import SqlCancelled

_AGAIN_S = 0.01
_LONGEST_S = 10.0


class Task:
    """A statement that runs, or is about to.

    Args:
        cursor: what it runs on; it belongs to the task.
    """

    def __init__(self, cursor: Any) -> None:
        self.cursor = cursor
        self._lock = threading.Lock()
        self._interrupted = threading.Event()
        self._ended = threading.Event()

    def interrupt(self) -> None:
        """End it, whether it has begun or not. It returns at once."""
        with self._lock:
            if self._interrupted.is_set() or self._ended.is_set():
                return
            self._interrupted.set()
        threading.Thread(target=self._insist, name="seatrial-interrupt", daemon=True).start()

    def _insist(self) -> None:
        # duckdb forgets an interruption that comes before the statement has begun: it is told until the end.
        while True:
            with self._lock:
                if self._ended.is_set():
                    return
                self.cursor.interrupt()
            if self._ended.wait(_AGAIN_S):
                return

    def check(self) -> None:
        """Raise if it was interrupted.

        Raises:
            SqlCancelled: it was.
        """
        if self._interrupted.is_set():
            raise SqlCancelled("The statement was cancelled.")

    def end(self) -> None:
        """It is over: its cursor is closed."""
        with self._lock:
            self._ended.set()
            self.cursor.close()

    def wait(self) -> None:
        """Wait until it is over, ten seconds at most."""
        self._ended.wait(_LONGEST_S)
