"""A transport for clients that live longer than the application they were made for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2

if TYPE_CHECKING:
    from collections.abc import Callable

    from seatrial.app.runner import AppRunner


class FollowingTransport(httpx2.BaseTransport):
    """Sends each request to the application that runs now, wherever that listens.

    Args:
        current: gives the runner.
    """

    def __init__(self, current: Callable[[], AppRunner]) -> None:
        self._current = current
        self._runner = current()
        self._transport = self._runner.sync_transport()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request."""
        runner = self._current()
        if runner is not self._runner:
            self._transport.close()
            self._runner, self._transport = runner, runner.sync_transport()
        here = httpx2.URL(runner.base_url)
        if request.url.host == here.host and request.url.port != here.port:
            request.url = request.url.copy_with(port=here.port)
        return self._transport.handle_request(request)

    def close(self) -> None:
        """Close the connections, if there are any."""
        self._transport.close()
