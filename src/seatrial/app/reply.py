"""An answer on its way from the application's thread to whoever waits for it."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import httpx2

from seatrial.app.origin import Origin

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# Above this many bytes that nobody has read, the application has to wait, as on a full socket.
WINDOW_BYTES = 65_536
ERROR_HEADERS = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"21")]
ERROR_BODY = b"Internal Server Error"


class Reply(Origin):
    """The response side of one call, written by one thread and read by another.

    Every attribute has one writer, so no lock is needed. ``finished`` is set after the last part.

    Attributes:
        answered: status and headers are there and the reader may go on.
        finished: no further part will come.
        broken: it finished without a complete body.
    """

    def __init__(self, label: str, wake: Callable[[], None], scope: Mapping[str, Any]) -> None:
        super().__init__(label, scope=scope)
        self._wake = wake
        self._parts: deque[bytes] = deque()
        self._produced = 0
        self._consumed = 0
        self.status = 500
        self.headers: Sequence[tuple[bytes, bytes]] = ()
        self.extensions: dict[str, Any] = {}
        self.answered = False
        self.finished = False
        self.broken = False

    def begin(self) -> None:
        """Start the call; from any thread."""
        raise NotImplementedError

    def feed(self, chunk: bytes, *, last: bool) -> None:
        """Hand over a part of the request's body; from the caller's thread."""
        raise NotImplementedError

    def can_feed(self) -> bool:
        """Tell whether the application has room for another part of the request's body."""
        return True

    def leave(self) -> None:
        """Say that nobody waits any more: the application sees a disconnect and goes on undisturbed."""
        raise NotImplementedError

    def read_part(self) -> bytes | None:
        """Return the next part of the body, or None if there is none at the moment."""
        if not self._parts:
            return None
        part = self._parts.popleft()
        self._consumed += len(part)
        self._made_room()
        return part

    def response(self, stream: httpx2.SyncByteStream | httpx2.AsyncByteStream) -> httpx2.Response:
        """Return the response whose body the stream will read from here."""
        if self.error is not None:
            self.extensions["seatrial.exception"] = self.error
        return httpx2.Response(self.status, headers=self.headers, stream=stream, extensions=self.extensions)

    def _made_room(self) -> None:
        """Let a waiting application go on; called by the reader."""

    def _put(self, part: bytes) -> None:
        self._parts.append(part)
        self._produced += len(part)

    def _is_full(self) -> bool:
        return self._produced - self._consumed > WINDOW_BYTES

    def _answer(self) -> None:
        self.answered = True
        self._wake()

    def _finish(self, *, broken: bool = False) -> None:
        self.broken = broken
        self.finished = True
        self._answer()

    def _finish_with_error(self) -> None:
        """Answer what a server answers when an application gives no answer."""
        self.status, self.headers = 500, ERROR_HEADERS
        self._put(ERROR_BODY)
        self._finish()


def nobody() -> None:
    """Take the place of a waiter that has gone."""
