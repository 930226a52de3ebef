"""What all connections through one proxy share."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from seatrial.tcp.faults import Script

if TYPE_CHECKING:
    from collections.abc import Collection

    from seatrial.tcp.door import Door
    from seatrial.tcp.link import Link
    from seatrial.tcp.target import Target
    from seatrial.tcp.wire import Wire


class Switchboard:
    """The faults of a service, and who is connected. Lives in the thread of the proxies.

    Args:
        target: where the service is; None where each connection knows.
        wire: what tells its uses.

    Attributes:
        doors: where clients come in.
        links: the connections there are.
        ports: where a client comes from, by what the service knows its connection by, see `Link.port`.
        severed: what it knew the connections by that a fault has ended.
        is_down: whether nobody is to be found here.
    """

    def __init__(self, target: Target | None, *, wire: Wire) -> None:
        self.target = target
        self.wire = wire
        self.script = Script()
        self.doors: list[Door] = []
        self.links: set[Link] = set()
        self.ports: dict[int, int] = {}
        self.severed: set[int] = set()
        self.is_down = False
        self._troubles: dict[str, None] = {}
        self._waiting: list[asyncio.Event] = []
        self._tasks: set[asyncio.Task[Any]] = set()

    def keep(self, task: asyncio.Task[Any]) -> None:
        """Hold a task until it is done; a failure of it is held against the test."""
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._troubles[f"it failed with {type(error).__name__}: {error}"] = None

    def cancel_tasks(self) -> None:
        """Give up what is under way."""
        for task in list(self._tasks):
            task.cancel()

    def forget(self, link: Link) -> None:
        """Both ends of a connection are gone."""
        self.links.discard(link)
        self.ports.pop(link.port, None)
        for waiting in self._waiting:
            waiting.set()

    def turns_away(self) -> bool:
        """Whether a new connection is to be reset before a byte passes."""
        return self.is_down or (self.script.armed and self.script.take_connection() is not None)

    async def nobody(self, seconds: float, *, of: Collection[Link] | None = None) -> None:
        """Wait until the last connection is gone, or the last of these, but no longer than that."""
        self._waiting.append(gone := asyncio.Event())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.links if of is None else self.links.intersection(of):
                    gone.clear()
                    await gone.wait()
        self._waiting.remove(gone)

    def note_unreachable(self, error: OSError) -> None:
        """A client came, and the service was not there."""
        self._troubles[f"nobody answers at {self.target}: {error.strerror or error}"] = None

    def troubles(self) -> list[str]:
        """What went wrong with the service itself, each once."""
        return list(self._troubles)

    def forget_troubles(self) -> None:
        """Another test begins."""
        self._troubles.clear()
