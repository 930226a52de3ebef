"""Starting a server at the first knock: whoever connects to the reserved address wakes it.

Applications that connect while they are imported (`create_all` at module level, say) would find nobody
at home, since servers start lazily. The doorbell listens on the reserved port until the server takes
over; connections that came before are passed through to it.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_BUFFER = 65536


class Doorbell:
    """A listener on `port` that calls `ring` once, in its own thread, at the first connection.

    Args:
        port: the reserved port on 127.0.0.1.
        ring: starts the server on that port, or raises; it must call `silence()` before the server binds it.
    """

    def __init__(self, port: int, *, ring: Callable[[], object]) -> None:
        self._ring = ring
        self._port = port
        self._listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", port))
        self._listener.listen(128)
        self._lock = threading.Lock()
        self._callers: list[socket.socket] = []
        self._waker, self._woken = socket.socketpair()
        threading.Thread(target=self._wait, name="seatrial-doorbell", daemon=True).start()

    def silence(self) -> None:
        """Stop listening, so that the server can take the port; callers already there wait for it."""
        with self._lock, contextlib.suppress(OSError):
            self._accept_all()
            self._listener.close()
            self._waker.close()

    def _accept_all(self) -> None:
        self._listener.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                caller, _ = self._listener.accept()
                caller.setblocking(True)
                self._callers.append(caller)

    def _wait(self) -> None:
        has_caller = False
        with contextlib.suppress(OSError, ValueError), selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            has_caller = self._listener in {key.fileobj for key, _ in selector.select()}
        self._woken.close()
        # Somebody else may have silenced the bell just when a caller came.
        with self._lock:
            has_caller = has_caller or bool(self._callers)
        if has_caller:
            self._answer()

    def _answer(self) -> None:
        try:
            self._ring()
            for caller in self._callers:
                # Over TCP, as the caller came: the server asks it for the same password.
                server = socket.create_connection(("127.0.0.1", self._port))
                _start_thread(_relay, caller, server)
        except BaseException:  # noqa: BLE001 - whoever uses the database next meets the same error, in full
            # Callers that nobody accepted would wait for ever.
            self.silence()
            for caller in self._callers:
                caller.close()


def _start_thread(target: Callable[..., None], *ends: socket.socket) -> threading.Thread:
    thread = threading.Thread(target=target, args=ends, name="seatrial-doorbell", daemon=True)
    thread.start()
    return thread


def _relay(caller: socket.socket, server: socket.socket) -> None:
    with caller, server:
        back = _start_thread(_pump, server, caller)
        _pump(caller, server)
        back.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(_BUFFER):
            sink.sendall(data)
    for end in (source, sink):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
