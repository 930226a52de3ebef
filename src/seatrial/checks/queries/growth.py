"""Whether an operation sends more statements when there are more rows: N+1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.app.counting import counted_statements
from seatrial.checks.application import Application, running_application
from seatrial.checks.finding import Finding, Note
from seatrial.checks.making.tables import read_tables
from seatrial.checks.queries.calling import Answer, Calls
from seatrial.checks.queries.comparing import Compared, verdict
from seatrial.checks.queries.ids import StoredIds
from seatrial.checks.queries.operations import find_operations
from seatrial.checks.queries.rows import call_own, own_rows, planted
from seatrial.config.secrets import redact
from seatrial.errors import IdentityError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from seatrial.app import CountedStatements
    from seatrial.checks.ground import Ground
    from seatrial.checks.queries.operations import Operation

_NAME = "queries.n_plus_one"
_FEW, _MANY = 1, 10


def n_plus_one(ground: Ground) -> Iterator[Finding | Note]:
    """Operations that read send as many statements for ten rows as for one."""
    own = own_rows(ground.settings)
    with counted_statements() as seen:
        with running_application(ground, check=_NAME) as application:
            operations = find_operations(
                application.runner.app,
                application.client,
                served_at=ground.settings.checks.queries.openapi,
            )
        compared: list[Compared] = []
        failed: dict[str, str] = {}
        users: list[str | None] = [*ground.settings.identities.users] or [None]
        for user in users:
            world = _World(ground, seen, operations, own=own, user=user)
            try:
                few, many = world.answers(_FEW), world.answers(_MANY)
            except IdentityError as error:
                yield Note(f"{user} cannot call: {error}")
                continue
            failed |= world.failed
            compared += [
                Compared(operation=each, user=user, few=few[each.template], many=many[each.template])
                for each in operations
            ]
    for table, why in failed.items():
        yield Note(f"no rows could be made in {table}: {why}")
    yield from verdict(compared, rows=(_FEW, _MANY), gaps=seen.gaps, name=_NAME)


class _World:
    """The pristine database with rows in it, and somebody who reads.

    Args:
        ground: of a trial.
        seen: counts the statements.
        operations: what is called.
        own: the team's function that makes rows.
        user: who calls; None for somebody without credentials.
    """

    def __init__(
        self,
        ground: Ground,
        seen: CountedStatements,
        operations: Sequence[Operation],
        *,
        own: Callable[..., Any] | None,
        user: str | None,
    ) -> None:
        self._ground = ground
        self._seen = seen
        self._operations = operations
        self._own = own
        self._user = user
        self.failed: dict[str, str] = {}
        """The tables that got no row, and why."""

    def answers(self, number: int) -> dict[str, Answer]:
        """Call every operation with so many rows; template -> what came back."""
        with running_application(self._ground, check=_NAME) as application:
            database = application.trial.database
            assert database is not None  # the ground was made of it
            with self._ground.cluster.connect(database.name) as connection:
                tables = read_tables(connection)
                if self._own is not None:
                    call_own(self._own, number, application)
                else:
                    identities = self._ground.settings.identities
                    self.failed |= planted(connection, tables, number, identities=identities, user=self._user)
                return self._calls(application, StoredIds(connection, tables)).call(self._operations)

    def _calls(self, application: Application, stored: StoredIds) -> Calls:
        client = application.client
        return Calls(
            client=client.as_user(self._user) if self._user is not None else client,
            seen=self._seen,
            settle=lambda: _settled(application),
            stored=stored,
        )


def _settled(application: Application) -> str:
    """Wait until nothing runs any more; the first line of what the application raised last."""
    application.runner.wait_quiet()
    failures = application.runner.take_errors()
    if not failures:
        return ""
    error = failures[-1].exception
    return redact(f"{type(error).__name__}: {error}".partition("\n")[0])
