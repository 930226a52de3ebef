"""The clients that tests call the application with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from seatrial.app import AppRunner, AsyncClient, Client
    from seatrial.trial.callers import Callers
    from seatrial.trial.recording import NotRecording


class Clients:
    """Makes clients without credentials; they get those of the declared users by `as_user`.

    Args:
        runner: gives the running application, and starts it where that was not done yet.
        callers: makes the credentials.
        recording: is told of every exchange.
    """

    def __init__(self, runner: Callable[[], AppRunner], callers: Callers, recording: NotRecording) -> None:
        self._runner = runner
        self._callers = callers
        self._recording = recording

    def client(self) -> Client:
        """A synchronous client, for one test."""
        return self._sync(keeps_bodies=True)

    def for_logins(self) -> Client:
        """The same, for requests that are credentials as a whole: no ledger gets their bodies."""
        return self._sync(keeps_bodies=False)

    def _sync(self, *, keeps_bodies: bool) -> Client:
        from seatrial.app import Client  # noqa: PLC0415 - only suites with an application

        runner = self._runner()
        return Client(
            transport=self._recording.sync(runner.sync_transport(), keeps_bodies=keeps_bodies),
            base_url=runner.base_url,
            authenticate=self._recording.noting(self._callers.headers),
        )

    def async_client(self) -> AsyncClient:
        """An asynchronous client, for one test."""
        from seatrial.app import AsyncClient  # noqa: PLC0415 - only suites with an application

        runner = self._runner()
        return AsyncClient(
            transport=self._recording.asynchronous(runner.async_transport()),
            base_url=runner.base_url,
            authenticate=self._recording.noting(self._callers.headers),
        )

    def shared_client(self) -> Client:
        """A client for longer than one test: it follows the application when that is started anew."""
        from seatrial.app import Client, FollowingTransport  # noqa: PLC0415 - only suites with an application

        return Client(
            transport=self._recording.sync(FollowingTransport(self._runner)),
            base_url=self._runner().base_url,
            authenticate=self._recording.noting(self._callers.lasting_headers),
        )
