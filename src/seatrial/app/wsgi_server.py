"""Serve a WSGI application over real HTTP, one thread per connection, as a development server does."""

from __future__ import annotations

import asyncio
import socketserver
import threading
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from seatrial.app.origin import CURRENT, Origin
from seatrial.app.routes import route_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from seatrial.app.thread import AppThread


class _Handler(WSGIRequestHandler):
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Stay silent; the ledger knows every request."""


class _ThreadedServer(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True


class WsgiServer:
    """A threaded server whose requests are counted as jobs and whose exceptions are recorded."""

    def __init__(self, app: Any, thread: AppThread) -> None:
        self._app = app
        self._thread = thread
        self._server = _ThreadedServer(("127.0.0.1", 0), _Handler)
        self._server.set_app(self._call)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._acceptor = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="seatrial-wsgi-server", daemon=True
        )
        self._acceptor.start()

    async def stop(self) -> None:
        """Close the port and wait for the thread that accepts connections."""
        await asyncio.to_thread(self._server.shutdown)
        await asyncio.to_thread(self._acceptor.join)
        self._server.server_close()

    def _call(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        origin = Origin(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}", scope=environ)
        self._thread.arrivals.append(origin)
        CURRENT.set(origin)
        job = self._thread.jobs.begin(origin.label)
        job.thread = threading.get_ident()

        def begin_response(*arguments: Any) -> Any:
            origin.route = route_of(environ)
            return start_response(*arguments)

        try:
            result = self._app(environ, begin_response)
            try:
                yield from result
            finally:
                if hasattr(result, "close"):
                    result.close()
        except Exception as error:
            self._thread.failures.record(error, origin)
            raise
        finally:
            self._thread.jobs.end(job)
