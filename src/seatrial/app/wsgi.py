"""One call to a WSGI application, in a thread of the application's pool."""

from __future__ import annotations

import io
import sys
import threading
from typing import TYPE_CHECKING, Any

from seatrial.app.origin import CURRENT
from seatrial.app.reply import Reply, nobody
from seatrial.app.routes import route_of
from seatrial.app.scope import http_scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import httpx2

    from seatrial.app.thread import AppThread
    from seatrial.app.tracking import CountingExecutor


class WsgiExchange(Reply):
    """Request and response of one WSGI call. The worker's thread writes the reply."""

    def __init__(
        self,
        app: Any,
        environ: dict[str, Any],
        thread: AppThread,
        executor: CountingExecutor,
        wake: Callable[[], None],
    ) -> None:
        super().__init__(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}", wake, environ)
        self._app = app
        self._environ = environ
        self._thread = thread
        self._executor = executor
        self._drops_body = environ["REQUEST_METHOD"] == "HEAD"
        self._started = self._left = False
        self._room = threading.Event()
        self._expected: int | None = None

    def begin(self) -> None:
        """Start the call in a thread of the pool."""
        context = self._thread.base_context
        context.run(CURRENT.set, self)
        inner = context.copy()  # the worker may begin before this thread has left the outer one
        context.run(self._executor.submit, lambda: inner.run(self._run))

    def leave(self) -> None:
        """Let the worker end its response unheard."""
        self._left = True
        self._wake = nobody
        self._room.set()

    def _made_room(self) -> None:
        self._room.set()

    def _run(self) -> None:
        try:
            result = self._app(self._environ, self._start_response)
            try:
                self._send_all(result)
            finally:
                if hasattr(result, "close"):
                    result.close()
        except BaseException as error:  # noqa: BLE001 - whatever it is, the caller gets an answer
            self._thread.failures.record(error, self)
            if not self._started or not (self.answered or self._produced):
                self._finish_with_error()
            elif not self.finished:
                self._finish(broken=True)

    def _start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        if exc_info is not None and (self.answered or self._produced):
            raise exc_info[1].with_traceback(exc_info[2])
        self._started = True
        self.route = route_of(self._environ)
        self.status = int(status.split(" ", 1)[0])
        self.headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        lengths = [int(value) for name, value in headers if name.lower() == "content-length"]
        self._expected = lengths[0] if lengths else None
        return self._send

    def _send_all(self, result: Iterable[bytes]) -> None:
        if isinstance(result, (list, tuple)):
            result = [b"".join(result)]
            self._expected = self._produced + len(result[0])
        for part in result:
            if self._left:
                return
            if part:
                self._send(part)
        if not self._started:
            raise RuntimeError("the WSGI application returned without calling start_response")
        if not self.finished:
            self._finish(
                broken=bool(self._expected and self._produced < self._expected and not self._drops_body)
            )

    def _send(self, part: bytes) -> None:
        if not self._started:
            raise RuntimeError("the WSGI application sent a body before calling start_response")
        if not self._drops_body:
            self._put(part)
        # With its length known, the last part ends the response, closed or not, as on a socket.
        if self._expected is not None and self._produced >= self._expected:
            if not self.finished:
                self._finish()
        elif not self._drops_body:
            self._answer()
        while self._is_full() and not self._left:
            self._room.clear()
            if self._is_full() and not self._left:
                self._room.wait()


def environ_of(request: httpx2.Request, body: bytes) -> dict[str, Any]:
    """Return the WSGI environment of a request."""
    scope = http_scope(request, {})
    host, port = scope["server"]
    environ = {
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        # PEP 3333: text that stands for bytes, one character each.
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "RAW_URI": request.url.raw_path.decode("ascii"),
        "QUERY_STRING": scope["query_string"].decode("ascii"),
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": scope["client"][0],
        "REMOTE_PORT": str(scope["client"][1]),
    }
    if body:
        environ["CONTENT_LENGTH"] = str(len(body))
    for name, value in scope["headers"]:
        _add_header(environ, name.decode("latin-1"), value.decode("latin-1"))
    return environ


def _add_header(environ: dict[str, Any], name: str, value: str) -> None:
    if name == "transfer-encoding":
        return  # the body is whole by now
    key = name.upper().replace("-", "_")
    if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        key = f"HTTP_{key}"
    joined = "; " if key == "HTTP_COOKIE" else ","
    environ[key] = f"{environ[key]}{joined}{value}" if key in environ and key.startswith("HTTP_") else value
