"""The file that one process writes: one line for each event, each line written whole."""

from __future__ import annotations

import json
import os
import threading
import time
from typing import TYPE_CHECKING

from seatrial.ledger.events import to_values

if TYPE_CHECKING:
    from collections.abc import Callable

    from seatrial.ledger.events import Event

_FLUSH_AT = 512
"""Events that wait in memory at most: what a test that runs for hours has done is not lost with it."""
_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Writer:
    """Appends events to an open file, from any thread.

    Events wait in memory until `flush`, which is called at the end of every test: to write each by itself
    takes as long as all the rest. In a forked child it does nothing.

    Args:
        descriptor: of the file; the writer closes it.
    """

    def __init__(self, descriptor: int) -> None:
        self.began = time.perf_counter()
        self.failure: OSError | None = None
        """Why nothing is written any more, if that is so."""
        self._descriptor: int | None = descriptor
        self._waiting: list[Event] = []
        self._lock = threading.RLock()  # a finalizer may send a statement while this thread is in here
        self._process = os.getpid()

    def add(self, event: Event) -> None:
        """Write an event soon."""
        self.add_from(lambda: (event,))

    def add_from(self, make: Callable[[], tuple[Event, ...]]) -> None:
        """Write what a function makes, soon; it is called while nobody else can add."""
        if os.getpid() != self._process:
            return
        with self._lock:
            if self._descriptor is None:
                return
            self._waiting += make()
            if len(self._waiting) >= _FLUSH_AT:
                self._write()

    def begin(self, event: Event) -> None:
        """Write an event before all that wait: what was heard before it belongs behind it."""
        with self._lock:
            self._waiting.insert(0, event)
        self.flush()

    def now(self) -> float:
        """Seconds since the writer was made, to a tenth of a millisecond."""
        return round(time.perf_counter() - self.began, 4)

    def flush(self) -> None:
        """Hand everything to the operating system: what happens to this process now, it is there."""
        if os.getpid() == self._process:
            with self._lock:
                self._write()

    def close(self) -> None:
        """Write what waits, and nothing after it."""
        if os.getpid() != self._process:
            return
        with self._lock:
            self._write()
            self._end()

    def _write(self) -> None:
        waiting, self._waiting = self._waiting, []
        if self._descriptor is None or not waiting:
            return
        data = "".join(f"{_ENCODE(to_values(event))}\n" for event in waiting).encode("utf-8", "replace")
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError as failure:
            # The run goes on without a ledger, and is told so at its end.
            self.failure = failure
            self._end()

    def _end(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)
