"""What a trial tells a ledger while it works, and what it tells where there is none: nothing."""

from __future__ import annotations

import contextlib
import sys
from copy import copy
from time import perf_counter
from typing import TYPE_CHECKING

from seatrial.config.api_keys import api_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, MutableSequence

    import httpx2

    from seatrial.app.clients import Authenticate
    from seatrial.app.origin import Origin
    from seatrial.config.settings import IdentitySettings
    from seatrial.fakes import Fakes
    from seatrial.ledger.events import PutBack
    from seatrial.ledger.recorder import Recorder
    from seatrial.postgres.isolation import Tally
    from seatrial.trial.database import TestDatabase
    from seatrial.trial.isolating import Isolating
    from seatrial.trial.running import Running
    from seatrial.trial.sqlite_database import SqliteDatabase

_REMEMBERED = 256


class NotRecording:
    """Hears everything and does nothing: no hook is installed, no transport is wrapped."""

    def begin(
        self,
        identities: IdentitySettings,
        running: Running,
        *,
        fakes: Callable[[], Fakes | None],
    ) -> None:
        """The trial is being prepared; nothing of the application was imported.

        Args:
            identities: who may call.
            running: the application, when it runs.
            fakes: gives the fakes, if anybody needed them.
        """

    def sync(self, transport: httpx2.BaseTransport, *, keeps_bodies: bool = True) -> httpx2.BaseTransport:
        """What a synchronous client is to use in the place of its transport."""
        del keeps_bodies
        return transport

    def asynchronous(self, transport: httpx2.AsyncBaseTransport) -> httpx2.AsyncBaseTransport:
        """What an asynchronous client is to use in the place of its transport."""
        return transport

    def noting(self, authenticate: Authenticate) -> Authenticate:
        """The same function; what it gives is secret from then on."""
        return authenticate

    @contextlib.contextmanager
    def restoring(self, isolating: Isolating | None) -> Iterator[None]:
        """Wrap what gives a test its database.

        Args:
            isolating: how tests are isolated; None without a database.
        """
        del isolating
        yield

    def asked(self) -> None:
        """Look at what the fakes were asked since they were emptied: once for each test, at its end."""

    def opened(self, database: TestDatabase | SqliteDatabase | None) -> None:
        """The services have started: the relations of the database are known."""

    def end(self) -> None:
        """The run is over."""


class Recording(NotRecording):
    """Tells a recorder, and listens to the drivers for it.

    Args:
        recorder: where everything is written.
    """

    def __init__(self, recorder: Recorder) -> None:
        from seatrial.app.observing import Exchanges, sender  # noqa: PLC0415 - only where a ledger is written
        from seatrial.ledger.sql.hooks import SqlHooks  # noqa: PLC0415

        self.recorder = recorder
        self._hooks = SqlHooks(recorder, sender)
        self._exchanges = Exchanges(recorder, self._arrivals)
        self._running: Running | None = None
        self._fakes: Callable[[], Fakes | None] = lambda: None
        self._keeps_names = False

    def begin(
        self,
        identities: IdentitySettings,
        running: Running,
        *,
        fakes: Callable[[], Fakes | None],
    ) -> None:
        """See `NotRecording`."""
        running.remembers = _REMEMBERED
        self._running, self._fakes = running, fakes
        # Who trusts the headers of a proxy sends names and roles in them, which are no secrets.
        self._keeps_names = identities.scheme == "header"
        passwords = [str(user.attributes.get("password", "")) for user in identities.users.values()]
        self.recorder.credentials([*passwords, *api_keys(identities).values()])
        self._hooks.install()

    def _arrivals(self) -> MutableSequence[Origin]:
        return self._running.started().arrivals if self._running is not None else []

    def sync(self, transport: httpx2.BaseTransport, *, keeps_bodies: bool = True) -> httpx2.BaseTransport:
        """See `NotRecording`."""
        return self._exchanges.sync(transport, keeps_bodies=keeps_bodies)

    def asynchronous(self, transport: httpx2.AsyncBaseTransport) -> httpx2.AsyncBaseTransport:
        """See `NotRecording`."""
        return self._exchanges.asynchronous(transport)

    def noting(self, authenticate: Authenticate) -> Authenticate:
        """See `NotRecording`."""

        def noted(identity: str | object, /) -> Mapping[str, str]:
            headers = authenticate(identity)
            if not self._keeps_names:
                self.recorder.credentials(headers.values())
            return headers

        return noted

    @contextlib.contextmanager
    def restoring(self, isolating: Isolating | None) -> Iterator[None]:
        """See `NotRecording`."""
        if isolating is None:
            yield
            return
        before, began = copy(isolating.tally), perf_counter()
        yield
        self.recorder.restored(isolating.current, _done(before, isolating.tally), perf_counter() - began)

    def asked(self) -> None:
        """See `NotRecording`."""
        fakes = self._fakes()
        for name, call in fakes.calls() if fakes is not None else ():
            seconds = [attempt.seconds for attempt in call.attempts]
            known = [each for each in seconds if each is not None]
            self.recorder.outbound(
                fake=name,
                method=call.method,
                path=call.path,
                status=call.status,
                attempts=len(call.attempts),
                seconds=sum(known) if len(known) == len(seconds) else None,
            )

    def opened(self, database: TestDatabase | SqliteDatabase | None) -> None:
        """See `NotRecording`."""
        if database is not None:
            server = database.prepared.server if database.prepared is not None else ""
            self.recorder.catalogue(database.relations(), server=server)
        self.asked()

    def end(self) -> None:
        """See `NotRecording`."""
        self._hooks.remove()
        self.recorder.close()


def end_listening() -> None:
    """Take the hooks out of the drivers, if somebody has put them there; the application has stopped."""
    hooks = sys.modules.get("seatrial.ledger.sql.hooks")
    if hooks is not None:
        hooks.take_out()


def _done(before: Tally | None, after: Tally | None) -> PutBack | None:
    if after is None:
        return None
    if after.replaced > (before.replaced if before else 0):
        return "fresh copy"
    if after.reset > (before.reset if before else 0):
        return "in place"
    return "untouched" if after.untouched > (before.untouched if before else 0) else None
