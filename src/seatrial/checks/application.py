"""The application of a run, started for a check that looks at more than its database."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from seatrial.checks.finding import Inapplicable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator

    from seatrial.app import AppRunner, Client
    from seatrial.checks.ground import Ground
    from seatrial.identities import Identities
    from seatrial.ledger import Recorder
    from seatrial.trial import Trial


@dataclass(frozen=True, kw_only=True)
class Application:
    """The application as it runs for one check, on the tested database in its pristine state.

    Attributes:
        trial: what it belongs to.
        client: calls it without credentials; `as_user` gives those of the declared users.
    """

    trial: Trial = field(repr=False)
    client: Client = field(repr=False)

    @property
    def runner(self) -> AppRunner:
        """The application in its own event loop."""
        return self.trial.runner

    @property
    def base_url(self) -> str:
        """Where clients find it."""
        return self.runner.base_url

    @property
    def identities(self) -> Identities:
        """The declared users."""
        return self.trial.callers.identities

    @property
    def recorder(self) -> Recorder | None:
        """What writes the ledger of the run; None where there is none."""
        return getattr(self.trial.recording, "recorder", None)

    def run_in_app(self, coroutine: Awaitable[Any]) -> Any:
        """Run a coroutine in the application's event loop; blocks, and gives its result."""
        return self.runner.run(coroutine)


@contextlib.contextmanager
def running_application(ground: Ground, *, check: str, fresh: bool = False) -> Iterator[Application]:
    """Wrap what a check does with the application; what it writes is gone before the next test.

    Args:
        ground: of a trial.
        check: who asks; what the application does is put down to it.
        fresh: whether it is started anew, for this check alone.

    Raises:
        Inapplicable: the project has none.
        ApplicationError: it could not be started.
        NetworkError: it reached for another machine.
    """
    trial = ground.trial
    if trial is None or ground.settings.app is None:
        raise Inapplicable("the settings name no application")
    isolation = ground.database.isolation
    who = f"the check {check}"
    try:
        trial.begin_test(
            application=True,
            # Checks begin with a pristine database, and use more than the one session that is rolled back.
            isolation=isolation if isolation == "clone" else "reset",
            fresh_app=fresh,
            test=who,
        )
        with trial.clients.client() as client:
            yield Application(trial=trial, client=client)
    finally:
        trial.end_test()
        refused = trial.guard.problems(who)
        trial.guard.leave()
    if refused:
        raise refused[0]
