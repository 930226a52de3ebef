"""The body of a response, read part by part while the application may still be writing it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2

from seatrial.app.waiters import AsyncWaiter, Deadline, ThreadWaiter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from seatrial.app.reply import Reply
    from seatrial.app.transports import Gate


class _Body:
    """What reading needs, whether it blocks or awaits."""

    def __init__(self, reply: Reply, request: httpx2.Request, gate: Gate) -> None:
        self._reply = reply
        self._request = request
        self._gate = gate
        self._seconds: float | None = (request.extensions.get("timeout") or {}).get("read")

    def _deadline(self) -> Deadline:
        return Deadline(self._seconds)

    def _check(self, deadline: Deadline) -> float | None:
        """Return the seconds left, or raise if there are none."""
        if deadline.passed(suspended=self._gate.suspended):
            message = f"{self._reply.label} sent no further part of its body within {self._seconds} s"
            raise httpx2.ReadTimeout(message, request=self._request)
        return deadline.remaining()

    def _check_complete(self) -> None:
        if self._reply.broken:
            message = f"{self._reply.label} failed after its response had begun; the body is incomplete"
            raise httpx2.RemoteProtocolError(message, request=self._request) from self._reply.error

    def _leave(self) -> None:
        if not self._reply.finished:
            self._reply.leave()


class SyncBody(_Body, httpx2.SyncByteStream):
    """Read by a thread."""

    def __init__(self, reply: Reply, waiter: ThreadWaiter, request: httpx2.Request, gate: Gate) -> None:
        super().__init__(reply, request, gate)
        self._waiter = waiter

    def __iter__(self) -> Iterator[bytes]:
        deadline = self._deadline()
        while True:
            finished = self._reply.finished  # asked before the parts, which are put before it is set
            while (part := self._reply.read_part()) is not None:
                yield part
                deadline = self._deadline()
            if finished:
                break
            self._waiter.wait(self._check(deadline))
        self._check_complete()

    def close(self) -> None:
        """Let the application see a disconnect if it is still writing."""
        self._leave()


class AsyncBody(_Body, httpx2.AsyncByteStream):
    """Read by a task."""

    def __init__(self, reply: Reply, waiter: AsyncWaiter, request: httpx2.Request, gate: Gate) -> None:
        super().__init__(reply, request, gate)
        self._waiter = waiter

    async def __aiter__(self) -> AsyncIterator[bytes]:
        deadline = self._deadline()
        while True:
            finished = self._reply.finished
            while (part := self._reply.read_part()) is not None:
                yield part
                deadline = self._deadline()
            if finished:
                break
            await self._waiter.wait(self._check(deadline))
        self._check_complete()

    async def aclose(self) -> None:
        """Let the application see a disconnect if it is still writing."""
        self._leave()
