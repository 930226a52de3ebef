"""Running tests on mutants: collected once, and run as they are asked for on one database after the other."""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING, Any

import pytest

from seatrial.audit.mutations.database import MutantDatabases, UnbuildableError
from seatrial.audit.mutations.protocol import Began, Done, Order, Ready, Tried, received, send
from seatrial.errors import SeatrialError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seatrial.trial import Trial

_WHY_LENGTH = 300


class MutantsPlugin:
    """Takes the place of the loop over all tests; see `seatrial.audit.mutations.protocol`.

    Args:
        trial: the trial of this run.
        descriptor: the end of a pair of sockets over which orders come.
    """

    def __init__(self, trial: Trial, descriptor: int) -> None:
        self._trial = trial
        self._socket = socket.socket(fileno=descriptor)
        self._stream = self._socket.makefile("rw", encoding="utf-8")
        self._failures: list[Tried] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> object:
        """Answer orders until the other side is gone."""
        if session.testsfailed:
            raise session.Interrupted(f"{session.testsfailed} errors during collection")
        items = {item.nodeid: item for item in session.items}
        try:
            databases = MutantDatabases(self._trial)
        except SeatrialError as error:
            raise pytest.UsageError(str(error)) from error
        send(self._stream, Ready(tests=list(items), catalog=databases.catalog().to_json()))
        with contextlib.suppress(ConnectionError):
            for order in received(self._stream):
                assert isinstance(order, Order)  # nothing else is sent this way
                send(self._stream, self._obey(order, databases, items))
        databases.close()
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the failures of the running test."""
        if report.failed:
            self._failures.append(Tried(report.nodeid, failed=report.when, why=_first_line(report)))

    def _obey(self, order: Order, databases: MutantDatabases, items: dict[str, pytest.Item]) -> Done:
        try:
            databases.put(order.statements)
            self._run([[items[test] for test in group] for group in order.groups], everything=order.all)
        except UnbuildableError as error:
            return Done(unbuildable=str(error))
        except SeatrialError as error:
            return Done(broken=str(error))
        return Done()

    def _run(self, groups: Sequence[Sequence[pytest.Item]], *, everything: bool) -> None:
        """Run groups of tests, each up to its first failure; every fixture ends with the last one."""
        for number, group in enumerate(groups):
            after = groups[number + 1][0] if number + 1 < len(groups) else None
            for item, following in zip(group, [*group[1:], after], strict=True):
                failed = self._try(item, following)
                if failed and not everything:
                    _tear_down(item.session, after)
                    break

    def _try(self, item: pytest.Item, following: pytest.Item | None) -> bool:
        self._failures.clear()
        send(self._stream, Began(item.nodeid))
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        send(self._stream, next(iter(self._failures), Tried(item.nodeid)))
        return bool(self._failures)


def _tear_down(session: pytest.Session, following: pytest.Item | None) -> None:
    """End the fixtures that the following test does not share; what fails in them fails by the mutant."""
    with contextlib.suppress(Exception, pytest.fail.Exception, pytest.skip.Exception):
        session._setupstate.teardown_exact(following)  # noqa: SLF001 - as plugins that run tests again do


def _first_line(report: Any) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash is not None else str(report.longrepr or "")
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[0][:_WHY_LENGTH] if lines else ""
